"""What an answer to a batch's POST proves. Pure: bytes in, verdict out; it never raises.

The rule behind it: only what is proven is said. *Refused* needs a status that no server sends after it has
taken a batch; *taken* needs a whole answer with a batch id and a count; everything else is *unknown*.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TypeGuard

from xuna_cli.errors import ConfigurationError, UnreachableError, XunaError

LONGEST_MESSAGE = 500  # characters of a server's words that are kept
OF_PARTS = (206, 207)  # a part of an answer; several outcomes in one (RFC 9110, 15.3.7; RFC 4918, 11.1)
MOST_LEVELS = 8  # of an error body's JSON that are looked into


@dataclass(frozen=True, slots=True)
class Taken:
    """The API has queued the batch.

    Attributes:
        batch_id: the API's.
        calls_initiated: how many calls it says that it queued.
        http_status: 2xx.
    """

    batch_id: str
    calls_initiated: int
    http_status: int


class Refusal(Enum):
    """What a refusal means for what comes next."""

    FOR_NOW = auto()
    """Too fast, or busy: the same again later."""
    FOR_GOOD = auto()
    """The next batch will be refused as well."""
    TOO_LARGE = auto()
    """Smaller batches may pass."""
    BAD_CALLS = auto()
    """Something in this batch; the others may pass."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The API provably took none of the batch.

    Attributes:
        kind: what that means for what comes next.
        http_status: of the answer.
        message: the API's own words, or ours where it said nothing.
        offending: call index (from 0) to the API's words about it, where it named calls.
        retry_after: seconds to wait that the API asked for.
    """

    kind: Refusal
    http_status: int
    message: str
    offending: Mapping[int, str]
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """The POST's first byte was provably never sent.

    Attributes:
        message: what happened.
        permanent: whether trying again is pointless (certificate, URL, malformed key).
        kept_back: whether it was we who held it back, and the API has nothing to do with it.
    """

    message: str
    permanent: bool = False
    kept_back: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is proven: the batch may have been taken.

    Attributes:
        message: what happened.
        http_status: of the answer, if one began.
    """

    message: str
    http_status: int | None = None


Outcome = Taken | Refused | NotSent | Unknown


def classify(status: int, headers: Mapping[str, str], body: bytes, *, calls: int, now: datetime) -> Outcome:
    """Say what a whole answer proves.

    Args:
        status: HTTP status.
        headers: with lower-case names.
        body: as it came, of at most the size that the client reads.
        calls: how many calls the batch has.
        now: UTC, for a `Retry-After` that is a date.
    """
    if 200 <= status <= 299 and status not in OF_PARTS:  # noqa: PLR2004
        return _taken(status, headers, body)
    document = _document(headers, body)
    message = describe(status, document, body)
    match status:
        case 429:
            wait = parse_retry_after(headers.get("retry-after"), now)
            return Refused(Refusal.FOR_NOW, status, message, {}, wait)
        case 503 if (wait := parse_retry_after(headers.get("retry-after"), now)) is not None:
            return Refused(Refusal.FOR_NOW, status, message, {}, wait)
        case 413:
            return Refused(Refusal.TOO_LARGE, status, message, {})
        case 400 | 422:
            kind = Refusal.FOR_GOOD if _blames_the_request(document) else Refusal.BAD_CALLS
            return Refused(kind, status, message, _offending(document, calls))
        case (
            303 | 408 | 409
        ):  # 303: the POST was processed, and what came of it is elsewhere (RFC 9110, 15.4.4)
            return Unknown(message, status)
        case _ if 300 <= status <= 499:  # noqa: PLR2004
            return Refused(Refusal.FOR_GOOD, status, message, {})
        case _:
            return Unknown(message, status)


def refusal_error(status: int, message: str) -> XunaError:
    """Return the error that a refused request ends in."""
    match status:
        case 401 | 403:
            return ConfigurationError(
                f"the API refused the key ({message})",
                hint="check XUNA_AI_API_KEY and the permissions of the key",
                code="key-refused",
            )
        case 404:
            return ConfigurationError(
                f"the API did not find what was asked for ({message})",
                hint="check the agent, the caller number and --base-url with: xuna doctor",
                code="not-found",
            )
        case _ if status in {408, 409, 429} or status >= 500 or 200 <= status <= 299:  # noqa: PLR2004
            return UnreachableError(f"the API did not answer as expected ({message})", hint="try again later")
        case _:
            return ConfigurationError(
                f"the API refused the request ({message})",
                hint="check the settings with: xuna doctor",
                code="refused",
            )


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` asks for, or None if it says nothing usable.

    RFC 9110, section 10.2.3: a number of seconds or an HTTP date.
    """
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - the API seldom asks to wait until a date

    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    try:
        return max(0.0, (date - now).total_seconds())
    except OverflowError:
        return None


def describe(status: int, document: object, body: bytes) -> str:
    """Return the server's words about a failure, `HTTP 422: …`, in one short line."""
    words = _words(document)
    if not words and document is None:
        text = body[: 4 * LONGEST_MESSAGE].decode("utf-8", errors="replace")
        words = re.sub(r"<[^>]*>", " ", text) if "<" in text else text
    words = printable(words)
    return f"HTTP {status}: {words}" if words else f"HTTP {status}"


def printable(text: str) -> str:
    """Return a server's words as one line, not too long, that can be printed and stored."""
    plain = "".join(
        character if character.isprintable() else " " for character in text[: 4 * LONGEST_MESSAGE]
    )
    return " ".join(plain.split())[:LONGEST_MESSAGE]


def _taken(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    document = _document(headers, body)
    if not isinstance(document, dict):
        return Unknown(f"HTTP {status} without a readable answer", status)
    batch_id, count = document.get("batch_id"), document.get("calls_initiated")
    if isinstance(count, float) and count.is_integer():
        count = int(count)
    if any(document.get(name) for name in ("error", "errors")):
        words = printable(_words(document))
        return Unknown(f"HTTP {status} with an error in the answer" + (f": {words}" if words else ""), status)
    if not _is_batch_id(batch_id) or not _is_count(count):
        return Unknown(f"HTTP {status} without a usable batch_id and calls_initiated", status)
    return Taken(batch_id, count, status)


def _is_batch_id(value: object) -> TypeGuard[str]:
    # What can't be printed or stored can't be looked up in the dashboard either.
    return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= LONGEST_MESSAGE


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _document(headers: Mapping[str, str], body: bytes) -> object:
    """Return the body's JSON, or None where it is none, or packed although we asked for it plain."""
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _words(document: object, levels: int = MOST_LEVELS) -> str:
    """Read the message out of the shapes that an error body may have."""
    if levels == 0:  # JSON may be nested deeper than Python can follow
        return ""
    match document:
        case str():
            return document
        case {"detail": inner} | {"error": inner}:
            return _words(inner, levels - 1)
        case {"msg": str(text), "loc": list(loc)}:
            return f"{'.'.join(str(part) for part in loc if isinstance(part, str | int))}: {text}"
        case {"message": str(text)} | {"msg": str(text)} | {"status": str(text)}:
            return text
        case list():
            return "; ".join(filter(None, (_words(item, levels - 1) for item in document[:5])))
        case _:
            return ""


def _locations(document: object) -> list[tuple[Sequence[object], str]]:
    """Return the (loc, msg) pairs of a FastAPI-like 422."""
    match document:
        case {"detail": list(items)}:
            return [
                (
                    item["loc"],
                    (printable(item["msg"]) if isinstance(item.get("msg"), str) else "") or "refused",
                )
                for item in items
                if isinstance(item, dict) and isinstance(item.get("loc"), list)
            ]
        case _:
            return []


def _offending(document: object, calls: int) -> dict[int, str]:
    found: dict[int, str] = {}
    for loc, message in _locations(document):
        index = loc[loc.index("calls") + 1] if "calls" in loc[:-1] else None
        if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < calls:
            found.setdefault(index, message)
    return found


def _blames_the_request(document: object) -> bool:
    """Return whether the API named a field beside the calls: then no call is to blame."""
    beside = {"agent_id", "from_phone_number_id"}
    return any(
        "calls" not in loc and any(part in beside for part in loc if isinstance(part, str))
        for loc, _ in _locations(document)
    )
