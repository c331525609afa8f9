"""Packages at an HTTP(S) prefix, read only: `<prefix><name>.zip`."""

from __future__ import annotations

import hashlib
import io
import ipaddress
import socket
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import SplitResult, unquote, urldefrag, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from functions.errors import Forbidden, StorageUnavailable
from functions.sources.files import whole_file
from functions.sources.limits import FETCH_LIMITS, FetchLimits
from functions.sources.source import LIST, Stat, missing, object_name
from functions.sources.transfer import Deadline, check_size, copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REDIRECTS = 5
ETAG_LENGTH = 200  # characters; a longer one is digested
MISSING = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
HEAD_UNSUPPORTED = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
DEFAULT_PORTS = {"http": 80, "https": 443}
NO_PROXY = {"http": "", "https": "", "all": ""}  # an empty entry beats the environment's


class HttpSource:
    """A Source over HTTP. Each request has a session of its own: nothing is shared between threads."""

    def __init__(self, prefix: str, limits: FetchLimits = FETCH_LIMITS) -> None:
        """Raises ValueError when the prefix names no host."""
        parts = urlsplit(prefix)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise ValueError("an HTTP source is like https://host/path/")
        self._auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._prefix = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._proxies = NO_PROXY if _is_loopback(parts.hostname) else None
        self._limits = limits

    def stat(self, name: str) -> Stat | None:
        key = object_name(name)
        with self._answer("HEAD", key) as (head, _):
            if head.status_code not in HEAD_UNSUPPORTED:
                return _stat(head)
        with self._answer("GET", key) as (answer, _):  # closed before the body is read
            return _stat(answer)

    def fetch(self, name: str, to: Path) -> Stat:
        """As Source says; without an ETag or a time in the answer, the digest of the content is the etag."""
        key = object_name(name)
        with self._answer("GET", key) as (answer, deadline):
            stat = _stat(answer)
            if stat is None:
                raise missing(name)
            check_size(key, stat.size, self._limits.size)
            with whole_file(to) as target:
                received = copy(key, answer.raw.read, target, self._limits.size, deadline)
                if stat.size not in {-1, received.size} or received.size == 0:
                    raise StorageUnavailable(f"The source storage broke off while it sent {key}.")
        return Stat(stat.etag or f"sha256-{received.sha256}", received.size)

    def save(self, name: str, from_path: Path) -> None:
        _refuse("takes no packages")

    def names(self) -> list[str]:
        _refuse("cannot be listed")

    def list_file(self) -> bytes | None:
        content = io.BytesIO()
        with self._answer("GET", LIST) as (answer, deadline):
            stat = _stat(answer)
            if stat is None:
                return None
            check_size(LIST, stat.size, self._limits.list_size)
            received = copy(LIST, answer.raw.read, content, self._limits.list_size, deadline)
            if stat.size not in {-1, received.size}:
                raise StorageUnavailable(f"The source storage broke off while it sent {LIST}.")
        return content.getvalue()

    @contextmanager
    def _answer(self, method: str, key: str) -> Iterator[tuple[requests.Response, Deadline]]:
        """The answer after redirects, its body not yet read. Errors while it is read are reported too."""
        with Deadline(self._limits.whole_s) as deadline, _reported(deadline), _Session() as session:
            for scheme in DEFAULT_PORTS:
                session.mount(f"{scheme}://", _GuardedAdapter(deadline))
            with self._followed(session, method, self._prefix + key) as response:
                deadline.check()  # headers that end with the connection look complete
                yield response, deadline

    def _followed(self, session: requests.Session, method: str, url: str) -> requests.Response:
        for _ in range(REDIRECTS + 1):
            response = self._sent(session, method, url)
            if not response.is_redirect:
                return response
            response.close()
            url = _target(url, response.headers["Location"])
        raise StorageUnavailable(f"The source storage redirects more than {REDIRECTS} times.")

    def _sent(self, session: requests.Session, method: str, url: str) -> requests.Response:
        return session.request(
            method,
            url,
            auth=self._auth,
            proxies=self._proxies,
            headers={"Accept-Encoding": "identity"},  # a size that counts, and nothing to inflate
            timeout=(self._limits.connect_s, self._limits.read_s),
            stream=True,
        )


class _Session(requests.Session):
    """Leaves redirects alone. The original reads their bodies whole, of any size, even when it may not follow."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _GuardedAdapter(HTTPAdapter):
    """Its connections end at the deadline, wherever they are: in the headers, between chunks, in the body."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool of connections for a request; requests provides this method for subclasses."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if "ConnectionCls" not in vars(pool):
            pool.ConnectionCls = _guarded(pool.ConnectionCls, self._deadline)
        return pool


def _guarded(connection_class: Any, deadline: Deadline) -> Any:
    class Guarded(connection_class):  # type: ignore[misc]  # a class that is known at run time only
        def connect(self) -> None:
            super().connect()
            if isinstance(self.sock, socket.socket):
                deadline.guard(self.sock)

    return Guarded


def _stat(answer: requests.Response) -> Stat | None:
    if answer.status_code in MISSING:
        return None
    if answer.status_code in DENIED:
        raise StorageUnavailable(f"The source storage says: access denied (HTTP {answer.status_code}).")
    if answer.status_code != HTTPStatus.OK:
        raise StorageUnavailable(f"The source storage answers with HTTP {answer.status_code}.")
    length = answer.headers.get("Content-Length", "")
    size = int(length) if length.isascii() and length.isdigit() else -1
    return Stat(_etag(answer, size), size)


def _etag(answer: requests.Response, size: int) -> str:
    modified = answer.headers.get("Last-Modified", "")
    etag = answer.headers.get("ETag", "") or (f"{modified} {size}" if modified and size >= 0 else "")
    return etag if len(etag) <= ETAG_LENGTH else f"sha256-{hashlib.sha256(etag.encode()).hexdigest()}"


def _target(url: str, location: str) -> str:
    """Where a redirect may lead: to the host it came from, and from http to https at most."""
    try:
        target = urldefrag(urljoin(url, location)).url
        old, new = urlsplit(url), urlsplit(target)
        is_near = new.username is None and _place(new) in {_place(old), _upgraded(old)}
    except ValueError:  # a broken address or port
        is_near = False
    if not is_near:
        raise StorageUnavailable("The source storage redirects to another host, port or scheme. That is not followed.")
    return target


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)


def _upgraded(parts: SplitResult) -> tuple[str, str | None, int | None]:
    is_plain = _place(parts) == ("http", parts.hostname, DEFAULT_PORTS["http"])
    return ("https", parts.hostname, DEFAULT_PORTS["https"]) if is_plain else _place(parts)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _refuse(what: str) -> NoReturn:
    raise Forbidden(f"The functions of this worker come from an HTTP address, which {what}.")


@contextmanager
def _reported(deadline: Deadline) -> Iterator[None]:
    """Vendor errors become ours, without their texts: these hold addresses."""
    try:
        yield
    except HTTPError as error:  # urllib3's own come while a body is read
        deadline.check()
        raise StorageUnavailable(f"The source storage broke off in its answer ({type(error).__name__}).") from error
    except requests.RequestException as error:
        deadline.check()
        raise StorageUnavailable(f"The source storage does not answer ({type(error).__name__}).") from error
