"""Conversation records. Fields that are missing or have a wrong type become None, and are never errors.

The vendor documents few fields. Its API resembles others that have different names for the same things, and those
names are read too. No undocumented field is required.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from xuna_cli.api.client import CONVERSATIONS
from xuna_cli.api.outcomes import printable
from xuna_cli.api.retry import Params, Reader
from xuna_cli.errors import ConfigurationError, UnreachableError
from xuna_cli.models import Conversation, Evaluation, Turn

PAGE_SIZE = 100
MOST_PAGES = 100_000  # ten million records; stops an endless list
EMPTY_PAGES = 5  # in a row, each with a cursor for more; after that, reading stops
OLD_PAGES = 2  # in a row, in a list that has been newest first so far
DAY_S = 86_400.0
EPOCH_LIMIT = 4_102_444_800  # the year 2100; a larger number is not a time in seconds


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
                entry for entry in entries if isinstance(entry, dict) and _identifier(entry.get(self._id))
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
            cursor = _text_or_integer(following)
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


class ConversationList:
    """The account's conversation records as lists return them, without transcripts.

    Args:
        reader: reads the API.
        agent_id: return only this agent's records.
        since: Unix time; records that began earlier are left out, records without a time are not.

    Attributes:
        incomplete: after iterating: the reason if the list was not read to its end, otherwise None.
    """

    def __init__(self, reader: Reader, *, agent_id: str | None = None, since: float | None = None) -> None:
        self._pages = Pages(
            reader, CONVERSATIONS, "conversations", {"agent_id": agent_id} if agent_id else {}
        )
        self._agent_id = agent_id
        self._since = since

    @property
    def incomplete(self) -> str | None:
        """The reason if the list was not read to its end."""
        return self._pages.incomplete

    def __iter__(self) -> Iterator[Conversation]:
        """Yield the records; raises the same errors as `Pages`.

        If the list has been newest first from its start, reading stops at pages that are more than a day older than
        `since`, because an account can have many old records. Records of one time, as of a batch, show no order.
        """
        before: Mapping[str, Conversation] = {}
        newest_first, first, latest, old = True, -math.inf, math.inf, 0
        for entries in self._pages:
            page = [record for entry in entries if (record := read_conversation(entry)) is not None]
            # Pages may overlap when new calls arrive, and a page may have a record twice.
            once = {record.conversation_id: record for record in page}
            for conversation_id, record in once.items():
                if conversation_id not in before and self._is_wanted(record):
                    yield record
            before = once
            starts = [record.started_at for record in page if record.started_at is not None]
            newest_first = (
                newest_first
                and len(starts) == len(page)
                and all(a >= b for a, b in zip([latest, *starts], starts, strict=False))
            )
            first = max([first, *starts])
            latest = starts[-1] if starts else latest
            if self._since is not None and newest_first and page and latest < first:
                old = old + 1 if starts[0] < self._since - DAY_S else 0
                if old >= OLD_PAGES:
                    return

    def _is_wanted(self, record: Conversation) -> bool:
        if self._agent_id is not None and record.agent_id not in {None, self._agent_id}:
            return False
        return self._since is None or record.started_at is None or record.started_at >= self._since


def conversation(reader: Reader, conversation_id: str) -> Conversation:
    """Return one record with its transcript.

    Raises:
        ConfigurationError: the API doesn't know the record, or refuses the request.
        UnreachableError: the record can't be read.
    """
    return read_conversation_strictly(raw_conversation(reader, conversation_id), conversation_id)


def conversation_if_there(reader: Reader, conversation_id: str) -> Conversation | None:
    """Return one record; None if only this record can't be read. Raises the other errors of `conversation`."""
    try:
        return conversation(reader, conversation_id)
    except ConfigurationError as error:
        if error.code != "not-found":
            raise
    except UnreachableError as error:
        if error.code not in {"answer-unreadable", "answer-too-large"}:
            raise
    return None


def raw_conversation(reader: Reader, conversation_id: str) -> Mapping[str, Any]:
    """Return one record as the API returns it; raises the same errors as `conversation`."""
    try:
        document = reader.get(f"{CONVERSATIONS}/{quote(conversation_id, safe='')}")
    except ConfigurationError as error:
        if error.code == "not-found":
            error.message = f"conversation {conversation_id} was not found"
            error.hint = "see: xuna conversations list"
        raise
    if not isinstance(document, dict):
        raise UnreachableError(
            f"conversation {conversation_id} can't be read: the answer is not a JSON object",
            code="answer-unreadable",
        )
    return document


def read_conversation_strictly(document: Mapping[str, Any], conversation_id: str) -> Conversation:
    """Parse a record, and give it the requested ID, whatever ID it contains."""
    read = read_conversation({**document, "conversation_id": conversation_id})
    if read is None:
        raise UnreachableError(f"conversation {conversation_id!r} can't be read", code="answer-unreadable")
    return read


def read_conversation(document: Mapping[str, Any]) -> Conversation | None:
    """Parse a record from a list or from its own endpoint; None if it has no usable ID."""
    conversation_id = _identifier(document.get("conversation_id"))
    if conversation_id is None:
        return None
    metadata = _object(document.get("metadata"))
    phone_call = _object(metadata.get("phone_call"))
    analysis = _object(document.get("analysis"))

    def first(read: Callable[[object], Any], *names: str) -> Any:
        values = (read(where.get(name)) for where in (metadata, document) for name in names)
        return next((value for value in values if value is not None), None)

    started_at = first(_time, "start_time", "start_time_unix_secs")
    ended_at = first(_time, "end_time", "end_time_unix_secs")
    duration = first(_duration, "duration", "call_duration_secs", "duration_seconds")
    if duration is None and started_at is not None and ended_at is not None and ended_at >= started_at:
        duration = ended_at - started_at
    return Conversation(
        conversation_id=conversation_id,
        agent_id=first(_identifier, "agent_id"),
        status=first(_text, "status"),
        started_at=started_at,
        duration=duration,
        external_number=_identifier(phone_call.get("external_number")),
        batch_call_id=_identifier(_object(metadata.get("batch_call")).get("batch_call_id")),
        direction=_text(phone_call.get("direction")) or first(_text, "direction"),
        audio=_audio(document.get("audio")),
        evaluation=_evaluations(
            document.get("evaluation_results") or analysis.get("evaluation_criteria_results")
        ),
        collected=_collected(analysis.get("data_collection_results"))
        | _collected(document.get("collected_data")),
        transcript=_turns(document.get("transcript")),
    )


def _is_new(text: str, seen: set[bytes]) -> bool:
    digest = blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).digest()
    if digest in seen:
        return False
    seen.add(digest)
    return True


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _identifier(value: object) -> str | None:
    """Return an ID or a number, which may be an integer, as printable text; None if that is not possible."""
    text = _text_or_integer(value)
    return None if text is None else printable(text) or None


def _text_or_integer(value: object) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _duration(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and number >= 0 else None


def _time(value: object) -> float | None:
    """Convert seconds, milliseconds or ISO 8601 (UTC if without a zone) to Unix seconds."""
    number = _number(value)
    if number is not None:
        number = number / 1000 if number > EPOCH_LIMIT else number
        return number if 0 < number <= EPOCH_LIMIT else None
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        seconds = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds <= EPOCH_LIMIT else None


def _audio(value: object) -> str | None:
    return _text(value) or _text(_object(value).get("url"))


def _evaluations(value: object) -> dict[str, Evaluation]:
    found = {}
    for name, item in _by_name(value, "criteria_id", "criterion", "name").items():
        result = item if isinstance(item, str) else _object(item).get("result")
        # A value that is not a known verdict counts as unknown, never as a success.
        verdict = result.lower() if isinstance(result, str) else "unknown"
        verdict = verdict if verdict in {"success", "failure"} else "unknown"
        found[name] = Evaluation(verdict, _text(_object(item).get("rationale")) or "")
    return found


def _collected(value: object) -> dict[str, object]:
    return {
        name: item["value"] if isinstance(item, dict) and "value" in item else item
        for name, item in _by_name(value, "data_collection_id", "name", "field").items()
    }


def _by_name(value: object, *names: str) -> Mapping[str, Any]:
    """Return results by name, given as a mapping or as a list of objects with their name in one of these fields."""
    if isinstance(value, list):
        return {
            str(next((item[name] for name in names if item.get(name)), position)): item
            for position, item in enumerate(value, 1)
            if isinstance(item, dict)
        }
    return _object(value)


def _turns(value: object) -> tuple[Turn, ...]:
    if isinstance(value, str):
        return (Turn("", None, value),) if value else ()
    return tuple(
        Turn(
            _text(item.get("speaker")) or _text(item.get("role")) or "?",
            _seconds(item.get("timestamp"), item.get("time_in_call_secs")),
            _text(item.get("message")) or _text(item.get("text")) or "",
        )
        for item in (value if isinstance(value, list) else ())
        if isinstance(item, dict)
    )


def _seconds(*values: object) -> float | None:
    return next((number for value in values if (number := _duration(value)) is not None), None)
