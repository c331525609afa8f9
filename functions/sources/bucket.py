"""Packages in a private S3 bucket, through django-storages. The only module that knows boto; its errors end here."""

from __future__ import annotations

import io
import posixpath
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from django.core.files import File
from urllib3.exceptions import HTTPError

from functions.errors import StorageUnavailable
from functions.sources.files import whole_file
from functions.sources.limits import FETCH_LIMITS, FetchLimits
from functions.sources.source import LIST, Stat, function_names, missing, object_name
from functions.sources.transfer import Deadline, check_size, copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storages.backends.s3 import S3Storage

RETRIES = 2


class BucketSource:
    """A Source over an S3 bucket."""

    def __init__(self, storage: S3Storage, limits: FetchLimits = FETCH_LIMITS) -> None:
        storage.client_config = storage.client_config.merge(_client_config(limits))
        self._storage = storage
        self._limits = limits

    def stat(self, name: str) -> Stat | None:
        address = self._address(object_name(name))
        with _reported():
            try:
                head = self._client.head_object(**address)
            except ClientError as error:
                if not _is_missing(error):
                    raise
                self._client.head_bucket(Bucket=address["Bucket"])  # a bucket that is missing looks the same until here
                return None
        return _stat(head)

    def fetch(self, name: str, to: Path) -> Stat:
        key, deadline = object_name(name), Deadline(self._limits.whole_s)
        with _reported():
            answer = self._opened(key)
            if answer is None:
                raise missing(name)
            stat = _stat(answer)
            with answer["Body"] as body, whole_file(to) as target:
                check_size(key, stat.size, self._limits.size)
                # read1 comes back with what is there, so that a slow sender cannot hold us beyond the deadline.
                received = copy(key, body.read1, target, self._limits.size, deadline)
                if received.size != stat.size:
                    raise StorageUnavailable(f"The source bucket broke off while it sent {key}.")
        return stat

    def save(self, name: str, from_path: Path) -> None:
        key = object_name(name)
        check_size(key, from_path.stat().st_size, self._limits.size)
        with from_path.open("rb") as content, _reported():
            self._storage.save(key, File(content))

    def names(self) -> list[str]:
        with _reported():
            return function_names(self._storage.listdir("")[1])

    def list_file(self) -> bytes | None:
        content, deadline = io.BytesIO(), Deadline(self._limits.whole_s)
        with _reported():
            answer = self._opened(LIST)
            if answer is None:
                return None
            with answer["Body"] as body:
                received = copy(LIST, body.read1, content, self._limits.list_size, deadline)
            if received.size != _stat(answer).size:
                raise StorageUnavailable(f"The source bucket broke off while it sent {LIST}.")
        return content.getvalue()

    @property
    def _client(self) -> Any:
        return self._storage.connection.meta.client  # one for each thread

    def _address(self, key: str) -> dict[str, str]:
        return {"Bucket": self._storage.bucket_name, "Key": posixpath.join(self._storage.location, key)}

    def _opened(self, key: str) -> Any:
        """The answer with the object's body; None when it is missing."""
        try:
            return self._client.get_object(**self._address(key))
        except ClientError as error:
            if _is_missing(error):
                return None
            raise


def _client_config(limits: FetchLimits) -> Config:
    return Config(
        connect_timeout=limits.connect_s,
        read_timeout=limits.read_s,
        retries={"max_attempts": RETRIES, "mode": "standard"},
        request_checksum_calculation="when_required",  # many servers that speak S3 refuse the newer checksums
        response_checksum_validation="when_required",
    )


def _stat(answer: Any) -> Stat:
    return Stat(answer["ETag"].strip('"'), answer["ContentLength"])


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _is_missing(error: ClientError) -> bool:
    return _code(error) in {"404", "NotFound", "NoSuchKey"}


def _said(error: ClientError) -> str:
    if _status(error) in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return (
            f"The source bucket says: access denied ({_code(error)}). S3 says so for a missing package too when the "
            "credentials lack the right s3:ListBucket."
        )
    if _status(error) == HTTPStatus.NOT_FOUND:
        return "The source bucket does not exist."
    return f"The source bucket answers with an error ({_code(error)}, HTTP {_status(error)})."


@contextmanager
def _reported() -> Iterator[None]:
    """Vendor errors become ours. Only codes are repeated: the vendor's texts may hold addresses and key ids."""
    try:
        yield
    except ClientError as error:
        raise StorageUnavailable(_said(error)) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StorageUnavailable("There are no credentials for the source bucket (AWS_ACCESS_KEY_ID, ...).") from error
    except (BotoCoreError, Boto3Error, HTTPError) as error:
        raise StorageUnavailable(f"The source bucket does not answer ({type(error).__name__}).") from error
