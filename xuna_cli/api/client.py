"""The API as one account sees it: one key, one origin, one header; no redirects, no second try of anything."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Self
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
from xuna_cli.api.surroundings import proxy_for, trusted
from xuna_cli.debug_log import debug
from xuna_cli.errors import ConfigurationError, UnreachableError
from xuna_cli.hooks import reached

BATCH_CALLS = "/v1/convai/phone-numbers/batch-calls"
PHONE_NUMBERS = "/v1/convai/phone-numbers"
AGENTS = "/v1/convai/agents"
CONVERSATIONS = "/v1/convai/conversations"

LARGEST_ANSWER = 2**20  # bytes; more is no answer to a batch
LARGEST_PAGE = 64 * 2**20  # bytes; transcripts are long
# Seconds between connecting and the first byte: servers close connections on which nothing comes, and a write
# to such a one proves nothing. Of them, a connection that is opened ahead may wait for its batch so long.
LONGEST_PAUSE_S = 5.0
LONGEST_AHEAD_S = 4.0


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A caller number of the account."""

    phone_number_id: str
    phone_number: str
    label: str


class BusyError(UnreachableError):
    """A reading that may well succeed later: refused for now, a server's own failure, or not answered.

    Attributes:
        retry_after: seconds to wait that the API asked for, if it did.
        asks_to_wait: whether it asked to wait at all.
    """

    retry_after: float | None = None
    asks_to_wait: bool = False


class Connection:
    """An open connection to the API, on which nothing was sent yet. It carries one POST.

    Args:
        stream: the connection.
        deadline: of connecting, sending and reading together.
        url: where batches are posted to.
        headers: of every request.
        redactor: takes the key out of what the API says.
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
        """Begin to use a connection that was opened ahead of its batch; its deadline begins anew.

        Returns:
            False where it must not be used: it is too old, or the server has closed it.
        """
        self._deadline.restart()
        return time.monotonic() - self._connected <= LONGEST_AHEAD_S and is_quiet(self._stream)

    def post(self, body: bytes, *, calls: int, idempotency_key: str) -> Outcome:
        """POST one batch, once, and say what is proven about it.

        Args:
            body: the request as JSON.
            calls: how many calls it has.
            idempotency_key: sent along, never relied on.
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
            # From here on, whatever goes wrong, the API may have got it.
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
    """The API as one account sees it. Thread-safe.

    Args:
        base_url: `https://host[:port]`; http to loopback alone.
        api_key: checked for its form already (see settings).
        deadline: seconds that one request may take in all, whatever the server does.

    Raises:
        ConfigurationError: if the URL, or a proxy or certificates of the environment, can't be used.
    """

    def __init__(self, base_url: str, api_key: str, *, deadline: float) -> None:
        self._seconds = deadline
        self._redactor = KeyRedactor(api_key)
        try:
            self._url = parse_url(base_url)
            # SSL_CERT_FILE holds for loopback as well; only proxies have no business there.
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
                f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names can't be read: {error.strerror}",
                hint="name a file of PEM certificates, or unset it",
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
        """Return an open connection for one POST; nothing is sent on it before `Connection.post`."""
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
            ConfigurationError: if the key is refused.
            UnreachableError: if the API can't be reached or its answer can't be read.
        """
        return read_phone_numbers(self.get(PHONE_NUMBERS))

    def agent(self, agent_id: str) -> Mapping[str, Any]:
        """Return one agent's configuration; raises as `phone_numbers` does."""
        document = self.get(f"{AGENTS}/{quote(agent_id, safe='')}")
        if not isinstance(document, dict):
            raise UnreachableError("the API's answer about the agent can't be read", code="answer-unreadable")
        return document

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> object:
        """GET a JSON document.

        Raises:
            ConfigurationError: on 401, 402, 403, 404 and other refusals.
            BusyError: on 429, on 5xx, and where nothing was answered: reading again does no harm.
            UnreachableError: on anything else that is no readable 2xx.
        """
        deadline = Deadline(self._seconds)
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
        except TooLargeError:
            raise UnreachableError(
                f"an answer of the API is larger than {LARGEST_PAGE // 2**20} MiB, so it was not read",
                code="answer-too-large",
            ) from None
        except Exception as error:
            raise BusyError(
                f"the API can't be reached: {explain(error, deadline)}",
                hint="check the network and --base-url, then run the same command again",
            ) from error
        document = _parsed(body)
        if 200 <= status <= 299 and document is not None:  # noqa: PLR2004
            return document
        # A failure that needs more words than that has none for people.
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
    """Return the caller numbers of the API's answer.

    Raises:
        UnreachableError: if it can't be read.
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
    """Return the JSON that a body holds, or None."""
    try:
        return json.loads(body, parse_constant=lambda _: None)  # NaN is no JSON
    except (ValueError, RecursionError):
        return None


def _parts(body: bytes) -> Iterator[bytes]:
    reached("post:headers-written")
    yield body
    reached("post:request-written")
