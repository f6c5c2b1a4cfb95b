"""The HTTP client: one key, one origin, one header; no redirects, no kept connections, no second try."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx

from xuna_cli import __version__
from xuna_cli.api.origin import is_loopback
from xuna_cli.api.outcomes import (
    NotSent,
    Outcome,
    Taken,
    Unknown,
    classify,
    describe,
    parse_retry_after,
)
from xuna_cli.api.redact import KeyRedactor
from xuna_cli.errors import ConfigurationError, UnreachableError, XunaError

BATCH_CALLS = "/v1/convai/phone-numbers/batch-calls"
PHONE_NUMBERS = "/v1/convai/phone-numbers"
AGENTS = "/v1/convai/agents"
CONVERSATIONS = "/v1/convai/conversations"

LARGEST_ANSWER = 2**20  # bytes; more is no answer to a batch
LARGEST_PAGE = 64 * 2**20  # bytes; transcripts are long
CONNECT_TIMEOUT_S = 15.0
# Seconds between connecting and the first byte: servers close connections on which nothing comes, and a write
# to such a one proves nothing.
LONGEST_PAUSE_S = 5.0


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
    """

    retry_after: float | None = None


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
        self._deadline = deadline
        self._redactor = KeyRedactor(api_key)
        try:
            # A proxy has no business with the sandbox.
            proxied = not is_loopback(httpx.URL(base_url).host)
            self._client = _http_client(base_url, api_key, deadline, trust_env=proxied)
        except (httpx.InvalidURL, ValueError, ImportError) as error:
            raise ConfigurationError(
                "the API's URL, or a proxy that the environment sets for it, can't be used "
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

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    def place_calls(
        self,
        body: bytes,
        *,
        calls: int,
        idempotency_key: str,
        may_send: Callable[[], bool] = lambda: True,
    ) -> Outcome:
        """POST one batch, once, and say what is proven about it.

        Args:
            body: the request as JSON.
            calls: how many calls it has.
            idempotency_key: sent along, never relied on.
            may_send: asked right before the first byte of the POST; False keeps it back.
        """
        watch = _Watch(self._deadline, may_send)
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        status = None
        try:
            with (
                watch,
                self._client.stream(
                    "POST", BATCH_CALLS, content=body, headers=headers, extensions={"trace": watch.trace}
                ) as response,
            ):
                status = response.status_code
                answer = _read(response, LARGEST_ANSWER)
                answer_headers = _lower(response.headers)
        except Exception as error:  # noqa: BLE001 - its class proves nothing: the trace does
            if not watch.sending:
                return NotSent(
                    watch.reason or explain(error),
                    permanent=_is_permanent(error),
                    kept_back=watch.kept_back,
                )
            return Unknown(watch.reason or explain(error), status)
        if not 200 <= status <= 299:  # noqa: PLR2004
            answer = self._redactor.redact_body(answer)
        outcome = self._redactor.redact_outcome(
            classify(status, answer_headers, answer, calls=calls, now=datetime.now(UTC))
        )
        if watch.reason and not isinstance(outcome, Taken):
            return Unknown(watch.reason, status)  # cut in the middle: the end of the answer proves nothing
        return outcome

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
        watch = _Watch(self._deadline)
        try:
            with (
                watch,
                self._client.stream(
                    "GET", path, params=params, extensions={"trace": watch.trace}
                ) as response,
            ):
                status = response.status_code
                body = _read(response, LARGEST_PAGE)
                headers = _lower(response.headers)
        except _TooLargeError:
            raise UnreachableError(
                f"an answer of the API is larger than {LARGEST_PAGE // 2**20} MiB and is not read",
                code="answer-too-large",
            ) from None
        except Exception as error:
            raise BusyError(
                f"the API can't be reached: {watch.reason or explain(error)}",
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
            raise busy
        raise refusal


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


def _http_client(base_url: str, api_key: str, deadline: float, *, trust_env: bool) -> httpx.Client:
    return httpx.Client(
        base_url=base_url,
        headers={
            "xi-api-key": api_key,
            "User-Agent": f"xuna/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        },
        # Each phase may take what the whole may; the watch holds the whole to it.
        timeout=httpx.Timeout(deadline, connect=min(CONNECT_TIMEOUT_S, deadline)),
        # A kept connection that the server drops makes a POST ambiguous: each has its own.
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
        # SSL_CERT_FILE holds for loopback as well; only proxies have no business there.
        verify=httpx.create_ssl_context(),
        trust_env=trust_env,
    )


def refusal_error(status: int, message: str) -> XunaError:
    """Return the error that a refused request ends in."""
    match status:
        case 401 | 403:
            return ConfigurationError(
                f"the API refused the key ({message})",
                hint="check XUNA_AI_API_KEY and what the key may do",
                code="key-refused",
            )
        case 404:
            return ConfigurationError(
                f"the API does not know it ({message})",
                hint="check the agent, the caller number and --base-url: xuna doctor",
                code="not-found",
            )
        case _ if status in {408, 409, 429} or status >= 500 or 200 <= status <= 299:  # noqa: PLR2004
            return UnreachableError(
                f"the API does not answer as it should ({message})", hint="try again later"
            )
        case _:
            return ConfigurationError(
                f"the API refused ({message})", hint="check the settings: xuna doctor", code="refused"
            )


def explain(error: Exception) -> str:
    """Say what went wrong on the wire, without anything that was sent."""
    if isinstance(error, _TooLargeError):
        return "the answer is too large to be one"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed ({cause.reason or type(cause).__name__})"
        if isinstance(cause, socket.gaierror):
            return f"the host's name can't be resolved ({cause.strerror})"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    words: dict[type[Exception], str] = {
        httpx.ConnectTimeout: "connecting took too long",
        httpx.ReadTimeout: "the server did not answer in time",
        httpx.WriteTimeout: "the server did not read the request in time",
        httpx.RemoteProtocolError: "the connection broke in the middle of the exchange",
        httpx.ProxyError: "the proxy refused the connection",
    }
    return words.get(type(error), type(error).__name__)


def _is_permanent(error: BaseException | None) -> bool:
    """Return whether a request that was not sent will fail likewise the next time."""
    if isinstance(
        error, httpx.UnsupportedProtocol | httpx.InvalidURL | httpx.LocalProtocolError | ValueError
    ):
        return True
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _read(response: httpx.Response, limit: int) -> bytes:
    """Read the body as it is on the wire: nothing is unpacked, nothing above the limit is kept."""
    parts = bytearray()
    for part in response.iter_raw():
        parts += part
        if len(parts) > limit:
            raise _TooLargeError
    return bytes(parts)


class _TooLargeError(Exception):
    pass


class _KeptBackError(Exception):
    pass


class _Watch:
    """Follows one request through httpx's `trace`, and cuts its connection at the deadline.

    httpx's own time-outs hold for one read each: a server that drips a byte now and then would be
    waited for without end.
    """

    def __init__(self, deadline: float, may_send: Callable[[], bool] = lambda: True) -> None:
        self.sending = False
        self.reason = ""
        self.kept_back = False
        self._deadline = deadline
        self._ends = time.monotonic() + deadline
        self._may_send = may_send
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(deadline, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note what the connection does; called by httpcore in the requesting thread."""
        if event.endswith("send_request_headers.started"):
            # A proxy's CONNECT starts headers too: that is not yet our request.
            if info["request"].method == b"CONNECT":
                return
            connected = time.monotonic()
            if not self._may_send():
                self.kept_back = True
                self.reason = "kept back: this run may not send any more"
                raise _KeptBackError
            now = time.monotonic()
            if now - connected > LONGEST_PAUSE_S:
                self.reason = "the ledger took longer than a connection can be trusted to stay open"
                raise _KeptBackError
            if now >= self._ends:
                self.reason = "connecting took too long"
                raise _KeptBackError
            self.sending = True
        elif event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    def _cut(self) -> None:
        self.reason = (
            f"no whole answer within {self._deadline:g} s" if self.sending else "connecting took too long"
        )
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which drops the encryption first.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def encode_batch(agent_id: str, from_phone_number_id: str, calls: Iterable[tuple[str, str | None]]) -> bytes:
    """Return the request body for a batch.

    Args:
        agent_id: the agent.
        from_phone_number_id: the caller number.
        calls: E.164 number and `conversation_config_override`, as JSON (None: none is sent), of each call.
    """
    head = json.dumps(
        {"agent_id": agent_id, "from_phone_number_id": from_phone_number_id}, separators=(",", ":")
    )
    targets = ",".join(
        [
            f'{{"to_phone_number":"{number}"}}'
            if override is None
            else f'{{"to_phone_number":"{number}","conversation_config_override":{override}}}'
            for number, override in calls
        ]
    )
    return f'{head[:-1]},"calls":[{targets}]}}'.encode()
