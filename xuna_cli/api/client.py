"""HTTP client for one account: one key, one server, no redirects, no retries."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Self
from urllib.parse import quote, urlencode

import httpcore

from xuna_cli import __version__
from xuna_cli.api.connection import (
    Deadline,
    Headers,
    Route,
    TooLargeError,
    connect,
    explain,
    headers_of,
    host_header,
    is_permanent,
    is_quiet,
    parse_url,
    read,
)
from xuna_cli.api.outcomes import (
    NotSent,
    Outcome,
    Unknown,
    classify,
    describe,
    parse_retry_after,
    refusal_error,
)
from xuna_cli.api.redact import KeyRedactor
from xuna_cli.api.server_time import NO_DIFFERENCE, check_clock, clock_difference
from xuna_cli.api.surroundings import proxy_for, trusted
from xuna_cli.dataclass import dataclass
from xuna_cli.debug_log import debug
from xuna_cli.errors import ConfigurationError, UnreachableError, reason_of
from xuna_cli.hooks import reached

BATCH_CALLS = "/v1/convai/phone-numbers/batch-calls"
PHONE_NUMBERS = "/v1/convai/phone-numbers"
AGENTS = "/v1/convai/agents"
CONVERSATIONS = "/v1/convai/conversations"

LARGEST_ANSWER = 2**20  # bytes; the answer to a batch is much smaller
LARGEST_PAGE = 64 * 2**20  # bytes; transcripts are long
# Seconds between connecting and the first byte. Servers close idle connections, and a write to a closed connection
# proves nothing. A connection that is opened in advance may wait for its batch for LONGEST_AHEAD_S.
LONGEST_PAUSE_S = 5.0
LONGEST_AHEAD_S = 4.0


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A caller number of the account."""

    phone_number_id: str
    phone_number: str
    label: str


class BusyError(UnreachableError):
    """A GET failed, and a retry may succeed: rate limit, server error, or no answer.

    Attributes:
        retry_after: seconds to wait, if the API gave them.
        asks_to_wait: whether the API asked to wait at all.
    """

    retry_after: float | None = None
    asks_to_wait: bool = False


class Connection:
    """An open connection to the API, before anything was sent. It carries one POST.

    Args:
        stream: the connection.
        deadline: deadline for connecting, sending and reading together.
        url: URL for batches.
        headers: headers of every request.
        redactor: removes the key from the API's answers.
    """

    def __init__(
        self,
        stream: httpcore.NetworkStream,
        deadline: Deadline,
        *,
        url: httpcore.URL,
        headers: Headers,
        redactor: KeyRedactor,
    ) -> None:
        self._stream = stream
        self._deadline = deadline
        self._url = url
        self._headers = headers
        self._redactor = redactor
        self._connected = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def take_up(self) -> bool:
        """Start to use a connection that was opened in advance; restart its deadline.

        Returns:
            False if the connection can't be used: it is too old, or the server has closed it.
        """
        self._deadline.restart()
        return time.monotonic() - self._connected <= LONGEST_AHEAD_S and is_quiet(self._stream)

    def post(self, body: bytes, *, calls: int, idempotency_key: str) -> Outcome:
        """POST one batch once, and return what the outcome proves.

        Args:
            body: the request body as JSON.
            calls: number of calls in the batch.
            idempotency_key: sent as a header; nothing relies on it.
        """
        if time.monotonic() - self._connected > LONGEST_PAUSE_S:
            return NotSent("writing to the ledger took so long that the connection may be closed")
        if self._deadline.left <= 0:
            return NotSent("connecting took too long")
        if not is_quiet(self._stream):
            return NotSent("the server ended the connection before anything was sent on it")
        headers = [
            *self._headers,
            (b"Content-Type", b"application/json"),
            (b"Idempotency-Key", idempotency_key.encode()),
            (b"Content-Length", b"%d" % len(body)),
        ]
        request = httpcore.Request(b"POST", self._url, headers=headers, content=_parts(body))
        reached("post:before-first-byte")
        status = None
        try:
            # From here on, the API may have received the request, whatever fails.
            response = httpcore.HTTP11Connection(self._url.origin, self._stream).handle_request(request)
            status = response.status
            reached("post:answer-begun")
            answer = read(response, LARGEST_ANSWER)
            reached("post:answer-read")
        except Exception as error:  # noqa: BLE001 - its class proves nothing
            return Unknown(explain(error, self._deadline), status)
        if not 200 <= status <= 299:  # noqa: PLR2004
            answer = self._redactor.redact_body(answer)
        return self._redactor.redact_outcome(
            classify(status, headers_of(response), answer, calls=calls, now=datetime.now(UTC))
        )


class Client:
    """HTTP client for one account. Thread-safe.

    Args:
        base_url: `https://host[:port]`; http only for loopback.
        api_key: the key; its form was checked in settings.
        deadline: maximum seconds for one request as a whole.

    Raises:
        ConfigurationError: the URL can't be used, or a proxy or certificates set in the environment can't.
    """

    def __init__(self, base_url: str, api_key: str, *, deadline: float) -> None:
        self._seconds = deadline
        self._redactor = KeyRedactor(api_key)
        self._ahead = NO_DIFFERENCE
        try:
            self._url = parse_url(base_url)
            # SSL_CERT_FILE also applies to loopback; proxies don't.
            proxy = proxy_for(base_url)
            speaks_tls = b"https" in (self._url.scheme, proxy.origin.scheme if proxy is not None else b"")
            self._route = Route(self._url.origin, trusted(speaks_tls=speaks_tls), proxy)
        except ValueError as error:
            raise ConfigurationError(
                "the URL of the API, or the proxy set in the environment, can't be used "
                f"({type(error).__name__})",
                hint="check --base-url, HTTPS_PROXY and ALL_PROXY",
                code="url",
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names can't be read: {reason_of(error)}",
                hint="name a file of PEM certificates, or unset the variable",
                code="certificates",
            ) from None
        self._headers = [
            (b"Host", host_header(self._url)),
            (b"xi-api-key", api_key.encode()),
            (b"User-Agent", f"xuna/{__version__}".encode()),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"identity"),
            (b"Connection", b"close"),
        ]

    def connect(self) -> Connection | NotSent:
        """Open a connection for one POST. Nothing is sent on it before `Connection.post`."""
        deadline = Deadline(self._seconds)
        try:
            stream = connect(self._route, deadline)
        except httpcore.TimeoutException:
            return NotSent("connecting took too long")
        except Exception as error:  # noqa: BLE001 - its class proves nothing: nothing was sent, whatever it is
            return NotSent(explain(error, deadline), permanent=is_permanent(error))
        debug("api", "connected", proxy=self._route.proxy is not None)
        return Connection(
            stream,
            deadline,
            url=self._url_of(BATCH_CALLS),
            headers=self._headers,
            redactor=self._redactor,
        )

    def phone_numbers(self) -> list[PhoneNumber]:
        """Return the account's caller numbers.

        Raises:
            ConfigurationError: the API refused the key.
            UnreachableError: the API can't be reached, or its answer can't be read.
        """
        return read_phone_numbers(self.get(PHONE_NUMBERS))

    def check_clock(self) -> None:
        """Check this machine's clock by the last answer to a GET that had the server's time.

        Raises:
            ConfigurationError: the clocks differ so much that people could be called at a wrong time.
        """
        check_clock(self._ahead)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> object:
        """GET a JSON document.

        Raises:
            ConfigurationError: 401, 402, 403, 404 and other refusals.
            BusyError: 408, 429, 5xx, or no answer; reading again is harmless.
            UnreachableError: any other answer that is not a readable 2xx.
        """
        deadline, asked = Deadline(self._seconds), datetime.now(UTC)
        query = "?" + urlencode(params, quote_via=quote) if params else ""
        try:
            with contextlib.closing(connect(self._route, deadline)) as stream:
                reached("get")
                response = httpcore.HTTP11Connection(self._url.origin, stream).handle_request(
                    httpcore.Request(b"GET", self._url_of(path + query), headers=self._headers)
                )
                status = response.status
                debug("api", "read", path=path, status=status)
                body = read(response, LARGEST_PAGE)
                headers = headers_of(response)
            if (ahead := clock_difference(headers, asked, datetime.now(UTC))) is not None:
                self._ahead = ahead
        except TooLargeError:
            raise UnreachableError(
                f"an answer of the API is larger than {LARGEST_PAGE // 2**20} MiB, so it was not read",
                code="answer-too-large",
            ) from None
        except Exception as error:
            raise BusyError(
                f"can't reach the API ({explain(error, deadline)})",
                hint="check the network and --base-url, then run the same command again",
            ) from error
        document = _parsed(body)
        if 200 <= status <= 299 and document is not None:  # noqa: PLR2004
            return document
        # A longer error body has no message for people.
        body = self._redactor.redact_body(body) if len(body) <= LARGEST_ANSWER else b""
        refusal = refusal_error(status, self._redactor.redact(describe(status, _parsed(body), body)))
        if 200 <= status <= 299:  # noqa: PLR2004
            refusal.code = "answer-unreadable"
        if status in {408, 429} or status >= 500:  # noqa: PLR2004
            busy = BusyError(refusal.message, hint=refusal.hint, code=refusal.code)
            busy.retry_after = parse_retry_after(headers.get("retry-after"), datetime.now(UTC))
            busy.asks_to_wait = status == HTTPStatus.TOO_MANY_REQUESTS or busy.retry_after is not None
            raise busy
        raise refusal

    def _url_of(self, target: str) -> httpcore.URL:
        base = self._url
        return httpcore.URL(
            scheme=base.scheme, host=base.host, port=base.port, target=base.target + target.encode()
        )


def read_phone_numbers(document: object) -> list[PhoneNumber]:
    """Parse the API's list of caller numbers.

    Raises:
        UnreachableError: the list can't be read.
    """
    if not isinstance(document, list):
        raise UnreachableError("the API's list of phone numbers can't be read", code="answer-unreadable")
    return [
        PhoneNumber(
            item["phone_number_id"], str(item.get("phone_number") or ""), str(item.get("label") or "")
        )
        for item in document
        if isinstance(item, dict) and isinstance(item.get("phone_number_id"), str)
    ]


def _parsed(body: bytes) -> object:
    """Parse the body as JSON; return None if it is not JSON."""
    try:
        return json.loads(body, parse_constant=lambda _: None)  # NaN is no JSON
    except (ValueError, RecursionError):
        return None


def _parts(body: bytes) -> Iterator[bytes]:
    reached("post:headers-written")
    yield body
    reached("post:request-written")
