"""Connections to the API: TCP, proxy tunnel and TLS. Connecting is a separate step that sends no request.

Each connection has a deadline for everything that is done on it. Each read and write may only take the time that is
left, whatever the server does.
"""

import base64
import socket
import ssl
import time
from urllib.parse import quote, urlsplit

import httpcore

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import reason_of

CONNECT_TIMEOUT_S = 15.0
WRITTEN_AT_ONCE = 2**14  # bytes written between two checks of the deadline: the size of a TLS record

PORTS = {"http": 80, "https": 443}

Headers = list[tuple[bytes, bytes]]


class TooLargeError(Exception):
    """The answer is larger than the limit."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy.

    Attributes:
        origin: scheme, host and port of the proxy.
        credentials: `user:password`; None if the proxy needs none.
    """

    origin: httpcore.Origin
    credentials: bytes | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The way to the API.

    Attributes:
        origin: scheme, host and port of the API.
        tls: TLS settings with the trusted authorities; unused for plain HTTP.
        proxy: the proxy; None for a direct connection.
    """

    origin: httpcore.Origin
    tls: ssl.SSLContext
    proxy: Proxy | None = None


class Deadline:
    """A time limit for a sequence of steps.

    Args:
        seconds: time allowed, from now.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.restart()

    def restart(self) -> None:
        """Start the time again."""
        self._ends = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        """Seconds left; 0 or less after the limit."""
        return self._ends - time.monotonic()


class _Stream(httpcore.NetworkStream):
    """A stream whose reads and writes end at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if (left := self._deadline.left) <= 0:
            raise httpcore.ReadTimeout
        return self._stream.read(max_bytes, left if timeout is None else min(left, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        for start in range(0, len(buffer), WRITTEN_AT_ONCE):
            if (left := self._deadline.left) <= 0:
                raise httpcore.WriteTimeout
            self._stream.write(buffer[start : start + WRITTEN_AT_ONCE], left)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        if (left := min(CONNECT_TIMEOUT_S, self._deadline.left)) <= 0:
            raise httpcore.ConnectTimeout
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def close(self) -> None:
        self._stream.close()


def parse_url(base_url: str) -> httpcore.URL:
    """Parse a base URL; a slash at its end is removed.

    Raises:
        ValueError: the text is not an http or https URL.
    """
    parts = urlsplit(base_url)
    host = parts.hostname
    if not host or parts.scheme not in PORTS:
        raise ValueError(parts.scheme)
    if not host.isascii():
        import httpx  # noqa: PLC0415 - it takes 80 ms, and is only needed for international host names

        try:
            host = httpx.URL(base_url).raw_host.decode()
        except httpx.InvalidURL as error:
            raise ValueError(str(error)) from None
    return httpcore.URL(
        scheme=parts.scheme,
        host=host,
        port=parts.port or PORTS[parts.scheme],
        target=quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~"),
    )


def host_header(url: httpcore.URL) -> bytes:
    """Return the `Host` header for a URL."""
    host = _in_brackets(url.host)
    return host if url.port == PORTS[url.scheme.decode()] else b"%b:%d" % (host, url.port or 0)


def connect(route: Route, deadline: Deadline) -> httpcore.NetworkStream:
    """Open a connection, without sending a request to the API.

    Raises:
        Exception: connecting failed. Whatever the cause, the API has received nothing.
    """
    first = route.proxy.origin if route.proxy is not None else route.origin
    stream: httpcore.NetworkStream = _Stream(
        httpcore.SyncBackend().connect_tcp(
            first.host.decode(), first.port, timeout=min(CONNECT_TIMEOUT_S, deadline.left)
        ),
        deadline,
    )
    try:
        if route.proxy is not None:
            if first.scheme == b"https":
                stream = stream.start_tls(route.tls, first.host.decode())
            stream = _tunnel(stream, route.proxy, route.origin)
        if route.origin.scheme == b"https":
            stream = stream.start_tls(route.tls, route.origin.host.decode())
    except BaseException:
        stream.close()
        raise
    return stream


def is_quiet(stream: httpcore.NetworkStream) -> bool:
    """Return whether an unused connection is still open and has no incoming data.

    This reads what TLS itself sends after its handshake; such data doesn't count.
    """
    try:
        stream.read(1, timeout=0)
    except httpcore.ReadError as error:
        return isinstance(error.__cause__, BlockingIOError | ssl.SSLWantReadError)
    except Exception:  # noqa: BLE001 - whatever it is, it is not quiet
        return False
    return False


def _tunnel(stream: httpcore.NetworkStream, proxy: Proxy, origin: httpcore.Origin) -> httpcore.NetworkStream:
    """Ask a proxy for a tunnel to the API. This request goes to the proxy only, and contains none of our data."""
    target = b"%b:%d" % (_in_brackets(origin.host), origin.port)
    headers = [(b"Host", target), (b"Accept", b"*/*")]
    if proxy.credentials is not None:
        headers.append((b"Proxy-Authorization", b"Basic " + base64.b64encode(proxy.credentials)))
    url = httpcore.URL(
        scheme=proxy.origin.scheme, host=proxy.origin.host, port=proxy.origin.port, target=target
    )
    answer = httpcore.HTTP11Connection(proxy.origin, stream).handle_request(
        httpcore.Request(b"CONNECT", url, headers=headers)
    )
    if not 200 <= answer.status <= 299:  # noqa: PLR2004
        raise httpcore.ProxyError
    tunnel: httpcore.NetworkStream = answer.extensions["network_stream"]
    return tunnel


def _in_brackets(host: bytes) -> bytes:
    """Return a host as written in URLs: IPv6 addresses in brackets."""
    return b"[%b]" % host if b":" in host else host


def read(response: httpcore.Response, limit: int) -> bytes:
    """Return the body unchanged: it is not decompressed, and bytes above the limit are not kept.

    Raises:
        TooLargeError: the body is larger than the limit.
    """
    parts = bytearray()
    for part in response.iter_stream():
        parts += part
        if len(parts) > limit:
            raise TooLargeError
    return bytes(parts)


def headers_of(response: httpcore.Response) -> dict[str, str]:
    """Return the headers of a response, with names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}


def explain(error: Exception, deadline: Deadline) -> str:
    """Describe the failure of a request, without quoting anything that was sent."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed ({cause.reason or type(cause).__name__})"
        if isinstance(cause, socket.gaierror):
            return f"the host's name can't be resolved ({cause.strerror})"
        if isinstance(cause, OSError) and cause.strerror:
            return reason_of(cause)
        cause = cause.__cause__ or cause.__context__
    words: dict[type[Exception], str] = {
        TooLargeError: "the answer is too large",
        httpcore.ConnectTimeout: "connecting took too long",
        httpcore.ReadTimeout: f"no complete answer within {deadline.seconds:g} s",
        httpcore.WriteTimeout: f"the server did not read the request within {deadline.seconds:g} s",
        httpcore.RemoteProtocolError: "the connection was lost during the request",
        httpcore.ProxyError: "the proxy refused the connection",
    }
    return words.get(type(error), type(error).__name__)


def is_permanent(error: BaseException | None) -> bool:
    """Return whether connecting will always fail, e.g. because of an untrusted certificate or an invalid host."""
    if isinstance(error, ValueError):
        return True
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
