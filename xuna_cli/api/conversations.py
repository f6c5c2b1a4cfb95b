"""Conversation records. Fields that are missing or have a wrong type become None, and are never errors.

The vendor documents few fields. Its API resembles others that have different names for the same things, and those
names are read too. No undocumented field is required.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from xuna_cli.api.client import CONVERSATIONS
from xuna_cli.api.fields import duration_of, identifier_of, object_of, text_of, time_of
from xuna_cli.api.pages import Pages
from xuna_cli.api.retry import Reader
from xuna_cli.errors import ConfigurationError, UnreachableError
from xuna_cli.models import Conversation, Evaluation, Turn

OLD_PAGES = 2  # in a row, in a list that has been newest first so far
DAY_S = 86_400.0


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
    conversation_id = identifier_of(document.get("conversation_id"))
    if conversation_id is None:
        return None
    metadata = object_of(document.get("metadata"))
    phone_call = object_of(metadata.get("phone_call"))
    analysis = object_of(document.get("analysis"))

    def first(read: Callable[[object], Any], *names: str) -> Any:
        values = (read(where.get(name)) for where in (metadata, document) for name in names)
        return next((value for value in values if value is not None), None)

    started_at = first(time_of, "start_time", "start_time_unix_secs")
    ended_at = first(time_of, "end_time", "end_time_unix_secs")
    duration = first(duration_of, "duration", "call_duration_secs", "duration_seconds")
    if duration is None and started_at is not None and ended_at is not None and ended_at >= started_at:
        duration = ended_at - started_at
    return Conversation(
        conversation_id=conversation_id,
        agent_id=first(identifier_of, "agent_id"),
        status=first(text_of, "status"),
        started_at=started_at,
        duration=duration,
        external_number=identifier_of(phone_call.get("external_number")),
        batch_call_id=identifier_of(object_of(metadata.get("batch_call")).get("batch_call_id")),
        direction=text_of(phone_call.get("direction")) or first(text_of, "direction"),
        audio=_audio(document.get("audio")),
        evaluation=_evaluations(
            document.get("evaluation_results") or analysis.get("evaluation_criteria_results")
        ),
        collected=_collected(analysis.get("data_collection_results"))
        | _collected(document.get("collected_data")),
        transcript=_turns(document.get("transcript")),
    )


def _audio(value: object) -> str | None:
    return text_of(value) or text_of(object_of(value).get("url"))


def _evaluations(value: object) -> dict[str, Evaluation]:
    found = {}
    for name, item in _by_name(value, "criteria_id", "criterion", "name").items():
        result = item if isinstance(item, str) else object_of(item).get("result")
        # A value that is not a known verdict counts as unknown, never as a success.
        verdict = result.lower() if isinstance(result, str) else "unknown"
        verdict = verdict if verdict in {"success", "failure"} else "unknown"
        found[name] = Evaluation(verdict, text_of(object_of(item).get("rationale")) or "")
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
    return object_of(value)


def _turns(value: object) -> tuple[Turn, ...]:
    if isinstance(value, str):
        return (Turn("", None, value),) if value else ()
    return tuple(
        Turn(
            text_of(item.get("speaker")) or text_of(item.get("role")) or "?",
            _seconds(item.get("timestamp"), item.get("time_in_call_secs")),
            text_of(item.get("message")) or text_of(item.get("text")) or "",
        )
        for item in (value if isinstance(value, list) else ())
        if isinstance(item, dict)
    )


def _seconds(*values: object) -> float | None:
    return next((number for value in values if (number := duration_of(value)) is not None), None)
