"""Decide what an answer to a batch's POST proves. A pure function of the answer that never raises.

The rule: claim only what is proven. *Refused* needs a status that no server sends after it has accepted a batch.
*Taken* needs a complete answer with a batch ID and a count. Everything else is *unknown*.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TypeGuard

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import ConfigurationError, UnreachableError, XunaError

LONGEST_MESSAGE = 500  # characters of a server's message that are kept
# Partial answers, and several outcomes in one answer (RFC 9110, 15.3.7; RFC 4918, 11.1).
OF_PARTS = (206, 207)
MOST_LEVELS = 8  # levels of nesting to search in an error body


@dataclass(frozen=True, slots=True)
class Taken:
    """The API has queued the batch.

    Attributes:
        batch_id: the API's batch ID.
        calls_initiated: number of calls that the API says it queued.
        http_status: status of the answer, 2xx.
    """

    batch_id: str
    calls_initiated: int
    http_status: int


class Refusal(Enum):
    """What a refusal means for later requests."""

    FOR_NOW = auto()
    """Too fast or busy: the same request may succeed later."""
    FOR_GOOD = auto()
    """The next batch will be refused, too."""
    TOO_LARGE = auto()
    """Smaller batches may be accepted."""
    BAD_CALLS = auto()
    """Some calls of this batch are refused; the others may be accepted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The API provably accepted none of the batch.

    Attributes:
        kind: what the refusal means for later requests.
        http_status: status of the answer.
        message: the API's message, or ours if it gave none.
        offending: the API's message by call index (from 0), if it named calls.
        retry_after: seconds to wait, if the API gave them.
    """

    kind: Refusal
    http_status: int
    message: str
    offending: Mapping[int, str]
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """Provably, not one byte of the POST was sent.

    Attributes:
        message: description of what happened.
        permanent: whether a retry is pointless (certificate, URL, malformed key).
        kept_back: whether xuna itself stopped the request, for a reason unrelated to the API.
    """

    message: str
    permanent: bool = False
    kept_back: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is proven; the API may have accepted the batch.

    Attributes:
        message: description of what happened.
        http_status: status of the answer, if it started.
    """

    message: str
    http_status: int | None = None


Outcome = Taken | Refused | NotSent | Unknown


def classify(status: int, headers: Mapping[str, str], body: bytes, *, calls: int, now: datetime) -> Outcome:
    """Return what a complete answer proves.

    Args:
        status: HTTP status.
        headers: headers with names in lower case.
        body: the unchanged body, limited to the size that the client reads.
        calls: number of calls in the batch.
        now: current time in UTC, for a `Retry-After` with a date.
    """
    if 200 <= status <= 299 and status not in OF_PARTS:  # noqa: PLR2004
        return _taken(status, headers, body)
    document = _document(headers, body)
    message = describe(status, document, body)
    match status:
        case 429:
            wait = parse_retry_after(headers.get("retry-after"), now)
            return Refused(Refusal.FOR_NOW, status, message, {}, wait)
        # Not a page for people: Varnish's page about a lost connection to the API, which may have the request, comes
        # with a Retry-After, too.
        case 503 if (
            not body.lstrip().startswith(b"<")
            and (wait := parse_retry_after(headers.get("retry-after"), now)) is not None
        ):
            return Refused(Refusal.FOR_NOW, status, message, {}, wait)
        case 413:
            return Refused(Refusal.TOO_LARGE, status, message, {})
        case 400 | 422:
            kind = Refusal.FOR_GOOD if _blames_the_request(document) else Refusal.BAD_CALLS
            return Refused(kind, status, message, _offending(document, calls))
        # 303: the POST was processed, and its result has another URL (RFC 9110, 15.4.4). 499: a proxy took us for gone;
        # the API behind it may have the request.
        case 303 | 408 | 409 | 499:
            return Unknown(message, status)
        case _ if 300 <= status <= 499:  # noqa: PLR2004
            return Refused(Refusal.FOR_GOOD, status, message, {})
        case _:
            return Unknown(message, status)


def refusal_error(status: int, message: str) -> XunaError:
    """Return the error for a refused request."""
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
    """Return the seconds of a `Retry-After` header, or None if its value can't be used.

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
    """Describe a server's failure as `HTTP 422: …` on one short line."""
    words = _words(document)
    if not words and document is None:
        text = body[: 4 * LONGEST_MESSAGE].decode("utf-8", errors="replace")
        words = re.sub(r"<[^>]*>", " ", text) if "<" in text else text
    words = printable(words)
    return f"HTTP {status}: {words}" if words else f"HTTP {status}"


def printable(text: str) -> str:
    """Return a server's message as one line of limited length, safe to print and store."""
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
    # An ID that can't be printed or stored can't be found in the dashboard either.
    return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= LONGEST_MESSAGE


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _document(headers: Mapping[str, str], body: bytes) -> object:
    """Parse the body as JSON. Return None if it is not JSON, or is compressed although we asked for plain text."""
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _words(document: object, levels: int = MOST_LEVELS) -> str:
    """Find the message in an error body, which can have several shapes."""
    if levels == 0:  # JSON may be nested more deeply than Python's stack allows
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
    """Return the (loc, msg) pairs of a 422 in FastAPI's format."""
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
    """Return whether the API named a field outside the calls; then no call is at fault."""
    beside = {"agent_id", "from_phone_number_id"}
    return any(
        "calls" not in loc and any(part in beside for part in loc if isinstance(part, str))
        for loc, _ in _locations(document)
    )
