"""The source storage that WF_SOURCE_URL names. Callers need this module only."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from django.core.files.storage import storages

from functions.sources.folder import FolderSource
from functions.sources.location import HTTP
from functions.sources.source import Source, Stat

if TYPE_CHECKING:
    from django.core.files.storage import FileSystemStorage

__all__ = ["Source", "Stat", "open_source"]


def open_source(url: str) -> Source:
    """The source of this URL; a folder or a bucket is Django's storage "functions", made by `storages_setting`.

    boto and requests are imported only where they are used: together they take half a second and 30 MB.
    """
    scheme = urlsplit(url).scheme
    if scheme in HTTP:
        from functions.sources.http import HttpSource

        return HttpSource(url)
    if scheme == "s3":
        from functions.sources.bucket import BucketSource

        return BucketSource(storages["functions"])
    return FolderSource(cast("FileSystemStorage", storages["functions"]))
