"""From WF_SOURCE_URL to an entry of Django's STORAGES. Read by the settings, so it imports nothing of Django."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

HTTP = ("http", "https")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def storages_setting(url: str, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The storage of the alias "functions". Raises ValueError, without the URL in its text: that may hold a password.

    Region, endpoint and credentials of a bucket are the standard AWS_* variables.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _folder(parts)
    if parts.scheme == "s3":
        return _bucket(parts, environ)
    if parts.scheme in HTTP:
        return _prefix(parts)
    raise ValueError(f"must begin with file://, s3://, http:// or https://, not {parts.scheme!r}")


def _folder(parts: SplitResult) -> dict[str, Any]:
    path = unquote(parts.path)
    if parts.netloc not in {"", "localhost"} or not path.startswith("/") or parts.query or parts.fragment:
        raise ValueError("a folder is like file:///srv/functions: three slashes and the whole path")
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": path}}


def _bucket(parts: SplitResult, environ: Mapping[str, str]) -> dict[str, Any]:
    prefix = parts.path.strip("/")
    if not _BUCKET.fullmatch(parts.netloc) or parts.query or parts.fragment:
        raise ValueError("a bucket is like s3://bucket/prefix; keys and endpoint belong in the AWS_* variables")
    if prefix and not {"", ".", ".."}.isdisjoint(prefix.split("/")):
        raise ValueError("a bucket's prefix has no empty part, '.' or '..'")
    options = {
        "bucket_name": parts.netloc,
        "location": prefix,
        "signature_version": "s3v4",
        "file_overwrite": True,
        "default_acl": None,  # the bucket's own, which is private
        "region_name": environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"),
    }
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        options |= {"endpoint_url": endpoint, "addressing_style": "path"}  # such a host has no name for each bucket
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def _prefix(parts: SplitResult) -> dict[str, Any]:
    if not parts.hostname or parts.fragment:
        raise ValueError("an HTTP source is like https://host/path/")
    # HttpSource needs no storage of Django. The alias exists all the same, and can do nothing.
    return {"BACKEND": "django.core.files.storage.Storage"}
