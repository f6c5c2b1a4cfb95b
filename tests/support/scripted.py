"""A loopback server that misbehaves by script, below HTTP, where no web framework can.

    with ScriptedServer([read_then_reset(), answer(200, ACCEPTED)]) as server:
        ...                                  # talk to server.base_url
        assert server.whole_requests == 2

Each connection plays the next action of the script. A script can also be a function that gets the number of the
connection, from 1, and returns an action or None. When the `with` ends, a connection without an action, or an action
that was not played, fails the test.
"""

import atexit
import contextlib
import functools
import gzip
import json
import reprlib
import select
import shutil
import socket
import ssl
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.support.waiting import PATIENCE_S, wait_until

POLL = 0.01
ACCEPTED = {"batch_id": "batch_scripted", "calls_initiated": 1}


@dataclass(frozen=True)
class RecordedRequest:
    """A complete request."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    def json(self):
        return json.loads(self.body)


@dataclass
class Connection:
    """An accepted connection, after its handshake, on which an action plays."""

    socket: socket.socket
    number: int
    server: "ScriptedServer"
    pending: bytearray = field(default_factory=bytearray)

    def receive(self) -> bytes:
        """Return the next bytes; b"" at the end, or when the server stops."""
        while not self.server.stopping.is_set() or time.monotonic() < self.server.drained_at:
            try:
                return self.socket.recv(65536)
            except TimeoutError:
                continue
        return b""

    def read_until(self, enough: Callable[[bytearray], bool]) -> bool:
        while not enough(self.pending):
            received = self.receive()
            if not received:
                return False
            self.pending += received
        return True

    def read_head(self) -> tuple[str, str, list[tuple[str, str]]] | None:
        """Read to the end of the headers; None if the client leaves before."""
        if not self.read_until(lambda pending: b"\r\n\r\n" in pending):
            return None
        head, _, rest = bytes(self.pending).partition(b"\r\n\r\n")
        self.pending = bytearray(rest)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return method, target, headers

    def read_request(self) -> RecordedRequest | None:
        """Read and record a complete request; return None, and record nothing, if it stays incomplete."""
        head = self.read_head()
        if head is None:
            return None
        method, target, headers = head
        lower = {name.lower(): value for name, value in headers}
        body: bytes | None = b""
        if "chunked" in lower.get("transfer-encoding", ""):
            body = self._read_chunks()
        elif length := int(lower.get("content-length", "0")):
            whole = self.read_until(lambda pending: len(pending) >= length)
            body = bytes(self.pending[:length]) if whole else None
            del self.pending[:length]
        if body is None:
            return None
        request = RecordedRequest(method, target, headers, body, self.number)
        with self.server.lock:
            self.server.requests.append(request)
        return request

    def _read_chunks(self) -> bytes | None:
        body = bytearray()
        while self.read_until(lambda pending: b"\r\n" in pending):
            line, _, rest = bytes(self.pending).partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            self.pending = bytearray(rest)
            if not self.read_until(lambda pending, size=size: len(pending) >= size + 2):
                return None
            body += self.pending[:size]
            del self.pending[: size + 2]
            if size == 0:
                return bytes(body)
        return None

    def send(self, data: bytes) -> None:
        """Send all bytes; raises OSError if the client has left or the server stops."""
        view = memoryview(data)
        while view:
            if self.server.stopping.is_set():
                raise ConnectionAbortedError("the scripted server stops")
            try:
                sent = self.socket.send(view)
            except (TimeoutError, ssl.SSLWantWriteError):
                continue
            view = view[sent:]

    def drip(self, data: bytes, interval: float) -> None:
        for byte in data:
            self.send(bytes((byte,)))
            self.server.stopping.wait(interval)

    def reset(self) -> None:
        """Close with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def wait_until_left(self) -> None:
        """Send nothing until the client leaves."""
        while self.receive():
            pass


@dataclass(frozen=True)
class Action:
    """The behavior of one connection.

    Attributes:
        name: name for the error if the action was not played.
        play: function that plays the action; the connection is closed after it.
        handshake: whether a TLS handshake comes first, if the server uses TLS.
        trusted: whether the certificate belongs to the authority in `ca_file`.
        keeps_alive: whether the next request on this connection plays the next action.
    """

    name: str
    play: Callable[[Connection], None]
    handshake: bool = True
    trusted: bool = True
    keeps_alive: bool = False


def named(play: Callable[..., None]) -> Callable[..., Action]:
    """Turn a function of a connection into a function that creates actions."""

    @functools.wraps(play)
    def make(*args, **kwargs) -> Action:
        said = [reprlib.repr(value) for value in args]
        said += [f"{name}={reprlib.repr(value)}" for name, value in kwargs.items()]
        name = f"{play.__name__}({', '.join(said)})"
        return Action(name, lambda connection: play(connection, *args, **kwargs))

    return make


# ----------------------------------------------------------------- no complete request


@named
def close_before_reading(connection: Connection) -> None:
    """Close before a byte is read, but after the first is written; otherwise the connect would fail."""
    select.select([connection.socket], [], [], PATIENCE_S)
    connection.socket.shutdown(socket.SHUT_WR)
    connection.server.stopping.wait(0.05)


@named
def reset_before_reading(connection: Connection) -> None:
    """Reset before a byte is read, but after all are written; otherwise the connect or the write would fail."""
    select.select([connection.socket], [], [], PATIENCE_S)
    connection.server.stopping.wait(0.05)
    connection.reset()


@named
def reset_in_upload(connection: Connection, after: int = 65536) -> None:
    """Read `after` bytes of the request, then reset."""
    connection.read_until(lambda pending: len(pending) >= after)
    connection.reset()


@named
def nothing_comes(connection: Connection) -> None:
    """Wait until the client leaves; fail if it sends a byte."""
    if connection.receive():
        raise AssertionError(f"a request came on connection {connection.number}")


@named
def read_nothing(connection: Connection) -> None:
    """Accept, and leave the request in the kernel's buffers."""
    connection.server.stopping.wait()


@named
def early_answer_then_reset(connection: Connection, status: int = 413, body: bytes = b"") -> None:
    """Answer after the headers, leave the body unread, and reset."""
    if connection.read_head() is not None:
        connection.send(response(status, body))
        connection.server.stopping.wait(0.05)
        connection.reset()


def stall_tls_handshake() -> Action:
    """Accept, and never start TLS."""
    return Action(
        "stall_tls_handshake()", lambda connection: connection.server.stopping.wait(), handshake=False
    )


def break_tls_handshake() -> Action:
    """Answer the TLS client hello with other bytes, and close."""

    def play(connection: Connection) -> None:
        connection.receive()
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    return Action("break_tls_handshake()", play, handshake=False)


def untrusted_certificate() -> Action:
    """Use a certificate of an unknown authority; fail the test if the client continues."""

    def play(connection: Connection) -> None:
        if connection.receive():
            raise AssertionError("the client sent data to a server whose certificate it can't trust")

    return Action("untrusted_certificate()", play, trusted=False)


@named
def refuse_connect(connection: Connection, status: int = 502) -> None:
    """Act as a proxy that refuses to open the tunnel."""
    request = connection.read_request()
    if request is not None and request.method != "CONNECT":
        raise AssertionError(f"expected CONNECT, got {request.method} {request.target}")
    connection.send(response(status))


# ------------------------------------------------------------------ complete requests without a usable answer


def after_reading(play: Callable[..., None]) -> Callable[..., Action]:
    """Create actions that first read a complete request, and do nothing without one."""

    @functools.wraps(play)
    def whole(connection: Connection, *args, **kwargs) -> None:
        if connection.read_request() is not None:
            play(connection, *args, **kwargs)

    return named(whole)


@after_reading
def read_then_reset(connection: Connection) -> None:
    connection.reset()


@after_reading
def read_then_close(connection: Connection) -> None:
    pass


@after_reading
def silence(connection: Connection) -> None:
    connection.wait_until_left()


@after_reading
def headers_then_silence(connection: Connection) -> None:
    connection.send(response(200, length=60))
    connection.wait_until_left()


@after_reading
def raw(connection: Connection, data: bytes) -> None:
    """Send these bytes unchanged, and close."""
    connection.send(data)


def garbage_status_line() -> Action:
    return raw(b"\x16\x03\x01 what HTTP?\r\n\r\n")


def partial_status_line() -> Action:
    return raw(b"HTTP/1.1 20")


def body_shorter_than_announced() -> Action:
    return raw(response(200, b'{"batch_id": "batch_1"', length=60))


def cut_json_without_length() -> Action:
    """Send no length, and close early; HTTP considers the body complete."""
    return raw(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"batch_id": "batch_1", "calls_in')


def html(status: int = 200) -> Action:
    return answer(status, b"<!doctype html><title>Bad Gateway</title>", {"Content-Type": "text/html"})


def empty_body(status: int = 200) -> Action:
    return answer(status, b"")


def invalid_utf8() -> Action:
    return answer(200, b'{"batch_id": "batch_\xff\xfe", "calls_initiated": 1}')


def bad_gzip() -> Action:
    return answer(200, b"\x1f\x8b\x08 this is no gzip", {"Content-Encoding": "gzip"})


def gzip_bomb(unpacked: int = 200_000_000) -> Action:
    """About 194 KB that decompress to 200 MB."""
    return answer(200, bomb(unpacked), {"Content-Encoding": "gzip"})


@functools.cache
def bomb(unpacked: int) -> bytes:
    block = bytes(1_000_000)
    count, rest = divmod(unpacked, len(block))
    if rest:
        raise ValueError("unpacked must be a multiple of 1,000,000")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # A full flush ends on a byte boundary, so the result can be repeated.
    deflated = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(count):
        checksum = zlib.crc32(block, checksum)
    start = gzip.compress(b"", mtime=0)[:10]
    return start + deflated * count + packer.flush() + struct.pack("<II", checksum, unpacked & 0xFFFFFFFF)


@after_reading
def drip_headers(connection: Connection, interval: float = 0.06, body: object = ACCEPTED) -> None:
    """Send a correct answer with its status line and headers, byte by byte and slowly."""
    connection.drip(response(200, encoded(body)), interval)


@after_reading
def drip_body(connection: Connection, interval: float = 0.06, body: object = ACCEPTED) -> None:
    data = encoded(body)
    connection.send(response(200, length=len(data)))
    connection.drip(data, interval)


@after_reading
def endless_headers(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.send(b"X-More: and more\r\n" * 1000)


@after_reading
def endless_body(connection: Connection, chunk: bytes = b" " * 65536, interval: float = 0.0) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        connection.send(chunk)
        if interval:
            connection.server.stopping.wait(interval)


# --------------------------------------------------------------------------------- answers


@after_reading
def answer(
    connection: Connection,
    status: int = 200,
    body: object = ACCEPTED,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
) -> None:
    """Send any answer: bytes and text unchanged, everything else as JSON."""
    connection.send(response(status, encoded(body), headers))


ACCOUNT = (
    answer(200, [{"phone_number_id": "pn_sandbox", "phone_number": "+15550100000", "label": "Test"}]),
    answer(200, {"agent_id": "agent_sandbox", "name": "A", "conversation_config": {}}),
)
"""Answers to batch-call's requests before its first POST: the caller number, then the agent."""


def answer_and_keep_alive(status: int = 200, body: object = ACCEPTED) -> Action:
    """Answer, and leave the connection open; another request on it plays the next action."""

    def play(connection: Connection) -> None:
        if connection.read_request() is not None:
            connection.send(response(status, encoded(body), {"Connection": "keep-alive"}))

    return Action(f"answer_and_keep_alive({status})", play, keeps_alive=True)


@after_reading
def slow_answer(connection: Connection, seconds: float, status: int = 200, body: object = ACCEPTED) -> None:
    connection.server.stopping.wait(seconds)
    connection.send(response(status, encoded(body)))


def redirect(location: str, status: int = 307) -> Action:
    return answer(status, b"", {"Location": location})


def encoded(body: object) -> bytes:
    """Return a body's bytes."""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def response(
    status: int,
    body: bytes = b"",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    *,
    length: int | None = None,
) -> bytes:
    """Return an HTTP/1.1 response; `length` announces a different length than the body's."""
    given = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
    names = {name.lower() for name, _ in given}
    implied = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body) if length is None else length)),
        ("Connection", "close"),
    ]
    given += [(name, value) for name, value in implied if name.lower() not in names]
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in given), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


# ---------------------------------------------------------------------------------- the server


class ScriptedServer:
    """Plays a script on 127.0.0.1; use it in a `with`.

    Args:
        script: one action for each connection in order, or a function that gets the connection's number and returns
            an action, or None if there should be no connection.
        tls: whether to use TLS; clients trust the server with `ca_file`.
        receive_buffer: bytes that the kernel accepts for a server that doesn't read.
        unused: whether a connection without any data also plays an action. If not, the script of a whole run, which
            opens connections in advance, has one action for each request.

    Attributes:
        base_url: URL with scheme and port.
        ca_file: the authority that signed the certificate.
        requests: all complete requests, including CONNECT.
        connections: number of accepted connections.
    """

    def __init__(
        self, script, *, tls: bool = False, receive_buffer: int | None = None, unused: bool = True
    ) -> None:
        self._unused = unused
        self._script: Callable[[int], Action | None] | None = script if callable(script) else None
        self._left: list[Action] = [] if callable(script) else list(script)
        self._played = 0
        self._tls = tls
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.requests: list[RecordedRequest] = []
        self.connections = 0
        self._problems: list[str] = []
        self._threads: list[threading.Thread] = []
        self.drained_at = 0.0  # data in the buffers of a stopping server is still counted until then
        self._listener = socket.socket()
        if receive_buffer is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(128)
        self.port: int = self._listener.getsockname()[1]
        self._last = socket.socket()  # our own connection, at which accepting ends
        self._last.bind(("127.0.0.1", 0))
        self.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._acceptor = threading.Thread(target=self._accept_all, name="scripted-accept", daemon=True)

    @property
    def ca_file(self) -> str:
        return str(certificates()[0])

    @property
    def whole_requests(self) -> int:
        """The number of complete requests, without a proxy's CONNECT."""
        with self.lock:
            return sum(request.method != "CONNECT" for request in self.requests)

    def wait_for_requests(self, count: int) -> None:
        """Wait for this number of complete requests, because the client may see their end earlier."""
        wait_until(lambda: self.whole_requests >= count, f"{count} requests did not arrive")

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, kind, error, traceback) -> None:
        self.drained_at = time.monotonic() + 0.2
        self.stopping.set()
        with self._last:
            self._last.connect(("127.0.0.1", self.port))
            self._acceptor.join()
        for thread in self._threads:
            thread.join()
        self._listener.close()
        if kind is not None:
            return
        problems = list(self._problems)
        if self._left:
            problems.append("nothing has played: " + ", ".join(action.name for action in self._left))
        if problems:
            raise AssertionError("; ".join(problems))

    def _accept_all(self) -> None:
        end = self._last.getsockname()
        while True:
            accepted, address = self._listener.accept()
            if address == end:
                accepted.close()
                return
            self.connections += 1
            thread = threading.Thread(
                target=self._serve, args=(accepted, self.connections), name="scripted", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _next_action(self) -> Action | None:
        with self.lock:
            self._played += 1
            if self._script is not None:
                return self._script(self._played)
            return self._left.pop(0) if self._left else None

    def _serve(self, accepted: socket.socket, number: int) -> None:
        connection = Connection(accepted, number, self)
        try:
            self._play_all(connection)
        except AssertionError as error:
            self._problems.append(str(error))
        except OSError:
            pass  # the client left; its own test decides whether that is right
        except Exception as error:  # noqa: BLE001 - an error in a script must fail its test
            self._problems.append(f"the script failed on connection {number}: {error!r}")
        finally:
            with contextlib.suppress(OSError):
                connection.socket.close()

    def _play_all(self, connection: Connection) -> None:
        connection.socket.settimeout(POLL)
        if not self._unused:
            self._shake_hands(connection, trusted=True)
            if not self._request_begins(connection):
                return
        while True:
            action = self._next_action()
            if action is None:
                self._unexpected(connection)
                return
            if action.handshake:
                self._shake_hands(connection, trusted=action.trusted)
            action.play(connection)
            if not action.keeps_alive:
                return
            received = connection.receive()
            if not received:
                return
            connection.pending += received

    def _shake_hands(self, connection: Connection, *, trusted: bool) -> None:
        if self._tls and not isinstance(connection.socket, ssl.SSLSocket):
            connection.socket.settimeout(PATIENCE_S)
            connection.socket = server_context(trusted).wrap_socket(connection.socket, server_side=True)
            connection.socket.settimeout(POLL)

    def _request_begins(self, connection: Connection) -> bool:
        """Wait for the first byte without reading it; return False if the client has left or the server stops."""
        while not self.stopping.is_set() or time.monotonic() < self.drained_at:
            with contextlib.suppress(TimeoutError, BlockingIOError):
                # Below TLS: after the handshake comes the request, or the end.
                return bool(socket.socket.recv(connection.socket, 1, socket.MSG_PEEK))
        return False

    def _unexpected(self, connection: Connection) -> None:
        with contextlib.suppress(OSError):
            if self._tls and not isinstance(connection.socket, ssl.SSLSocket):
                connection.socket.settimeout(1)
                connection.socket = server_context(True).wrap_socket(connection.socket, server_side=True)
                connection.socket.settimeout(POLL)
            request = connection.read_request()
            said = f"{request.method} {request.target}" if request else "no whole request"
            self._problems.append(f"unexpected on connection {connection.number}: {said}")
            connection.send(response(500, b'{"detail": "the script has no action for this"}'))
            return
        self._problems.append(f"unexpected connection {connection.number}")


@functools.cache
def certificates() -> tuple[Path, Path, Path]:
    """Return an authority, a certificate signed by it, and one signed by an unknown authority."""
    import trustme

    folder = Path(tempfile.mkdtemp(prefix="scripted-tls-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for name, signer in (("server.pem", authority), ("stranger.pem", stranger)):
        issued = signer.issue_cert("localhost", "127.0.0.1", "api.example.test")
        issued.private_key_and_cert_chain_pem.write_to_path(str(folder / name))
    return folder / "ca.pem", folder / "server.pem", folder / "stranger.pem"


@functools.cache
def server_context(trusted: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates()[1 if trusted else 2])
    return context
