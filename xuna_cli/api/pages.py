"""Lists of the API, page by page. Whatever a page contains, reading ends."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from xuna_cli.api.fields import identifier_of, text_or_integer
from xuna_cli.api.retry import Params, Reader
from xuna_cli.errors import ConfigurationError, UnreachableError

PAGE_SIZE = 100
MOST_PAGES = 100_000  # ten million records; stops an endless list
EMPTY_PAGES = 5  # in a row, each with a cursor for more; after that, reading stops


class Pages:
    """All pages of a list; iterating yields the entries of each page.

    Attributes:
        pages: number of pages read.
    """

    def __init__(
        self, reader: Reader, path: str, name: str, params: Params | None = None, *, most: int = MOST_PAGES
    ) -> None:
        self.pages = 0
        self._cut: str | None = None
        self._unreadable = 0
        self._most = most
        self._reader = reader
        self._path = path
        self._name = name
        self._id = f"{name.removesuffix('s')}_id"
        self._params: dict[str, str | int] = {**(params or {}), "page_size": PAGE_SIZE}

    @property
    def incomplete(self) -> str | None:
        """After iterating: the reason if the list was not read to its end, or has unreadable entries."""
        lost = (
            f"{self._unreadable:,} of the listed {self._name} could not be read" if self._unreadable else None
        )
        return "; ".join(filter(None, (self._cut, lost))) or None

    def __iter__(self) -> Iterator[list[Mapping[str, Any]]]:
        """Yield the entries of each page, without entries that are not objects or have no ID.

        Raises:
            ConfigurationError: the API refused a page.
            UnreachableError: a page can't be read.
        """
        seen: set[bytes] = set()  # digests of pages and cursors: a few bytes for each hundred records
        cursor: str | None = None
        empty = 0
        while True:
            document = self._page(cursor)
            entries = document.get(self._name)
            if not isinstance(entries, list):
                raise UnreachableError(
                    f"the API's list of {self._name} can't be read: the answer contains no list",
                    code="answer-unreadable",
                )
            self.pages += 1
            found: list[Mapping[str, Any]] = [
                entry for entry in entries if isinstance(entry, dict) and identifier_of(entry.get(self._id))
            ]
            if found and not _is_new(repr([entry[self._id] for entry in found]), seen):
                self._cut = "the API gave the same page twice"
                return
            self._unreadable += len(entries) - len(found)
            yield found
            more, following = document.get("has_more"), document.get("next_cursor")
            # An only page that mentions neither may be the whole list, or just what one answer has room for.
            mentions_pages = "next_cursor" in document or cursor is not None
            is_last = more is None and following in (None, "") and (mentions_pages or not entries)
            if more is False or is_last:
                return
            cursor = text_or_integer(following)
            if cursor is None:
                self._cut = (
                    "the API says that there are more records, but not how to get them"
                    if more is True
                    else "the API does not say whether there are more records"
                )
                return
            if self.pages >= self._most:
                self._cut = f"reading stopped after {self.pages:,} pages"
                return
            empty = 0 if found else empty + 1
            if empty >= EMPTY_PAGES:
                self._cut = f"the API gave {empty} empty pages in a row"
                return
            if not _is_new("cursor:" + cursor, seen):
                self._cut = "the API's pages repeat in a circle"
                return

    def _page(self, cursor: str | None) -> Mapping[str, Any]:
        params = dict(self._params)
        if cursor is not None:
            params["cursor"] = cursor
        try:
            document = self._reader.get(self._path, params)
        except ConfigurationError as error:
            # `page_size` is not documented, so if the API refuses it, read without it.
            if error.code != "refused" or cursor is not None or "page_size" not in params:
                raise
            del self._params["page_size"]
            return self._page(cursor)
        if not isinstance(document, dict):
            raise UnreachableError(
                f"the API's list of {self._name} can't be read: the answer is not a JSON object",
                code="answer-unreadable",
            )
        return document


def _is_new(text: str, seen: set[bytes]) -> bool:
    digest = blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).digest()
    if digest in seen:
        return False
    seen.add(digest)
    return True
