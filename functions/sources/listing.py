"""Which functions a storage lists: those of its `lists.txt`, else all that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.errors import Forbidden, NotFound, SourceInvalid
from functions.sources.source import LIST, SUFFIX

if TYPE_CHECKING:
    from functions.sources.source import Source

NAMES_MAX = 1000
COMMENT = "#"
SHOWN = 100  # characters of a word that is far from being a name


def wanted(source: Source) -> list[str]:
    """Words that should be names, each once, in the order of the list.

    Raises SourceInvalid, StorageUnavailable; NotFound when there is no list and the storage cannot make one.
    """
    content = source.list_file()
    names = _all_names(source) if content is None else parsed(content)
    if len(names) > NAMES_MAX:
        raise SourceInvalid(f"The source storage lists {len(names)} functions; {LIST} may name at most {NAMES_MAX}.")
    return names


def _all_names(source: Source) -> list[str]:
    try:
        return source.names()
    except Forbidden as error:
        raise NotFound(f"There is no {LIST}. {error.message}") from error


def parsed(content: bytes) -> list[str]:
    """The words of a list: separated by white space, `.zip` or not, `#` begins a comment. Raises SourceInvalid."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceInvalid(f"{LIST} is no text in UTF-8: see its byte {error.start}.") from error
    if "\0" in text:
        raise SourceInvalid(f"{LIST} is no text: it has a zero byte.")
    words = [word for line in text.splitlines() for word in line.partition(COMMENT)[0].split()]
    names: dict[str, str] = {}  # W1 and w1 are one function
    for word in words:
        name = word.removesuffix(SUFFIX)[:SHOWN]
        names.setdefault(name.lower(), name)
    return list(names.values())
