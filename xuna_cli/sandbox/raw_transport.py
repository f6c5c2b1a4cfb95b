"""Faults below ASGI. ASGI can't leave a request without an answer, so these use the transport directly."""

import asyncio
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

TRANSPORT = "xuna.transport"


class TransportProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which also passes its transport to the application."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {TRANSPORT: self.transport}
            await inner(scope, receive, send)

        self.app = app


class _RawResponse(Response):
    """Base of responses that use the transport; `fault` is the name in the record of requests."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del send
        await self.play(scope["extensions"][TRANSPORT])
        # If the application returns without an answer on an open connection, uvicorn sends a 500.
        while (await receive())["type"] != "http.disconnect":
            pass

    async def play(self, transport: asyncio.Transport) -> None:
        """Perform the fault."""


class Silent(_RawResponse):
    """Send nothing until the client disconnects."""


class Chopped(_RawResponse):
    """Send any bytes, or none, and then close or reset the connection."""

    def __init__(self, fault: str, sent: bytes = b"", *, reset: bool = False) -> None:
        super().__init__(fault)
        self._sent = sent
        self._reset = reset

    async def play(self, transport: asyncio.Transport) -> None:
        """Write the bytes, then close or reset."""
        if self._reset:
            reset_on_close(transport.get_extra_info("socket"))
            transport.abort()
        else:
            transport.write(self._sent)
            transport.close()


class Dripped(_RawResponse):
    """Send a correct answer byte by byte."""

    def __init__(self, fault: str, response: Response, interval: float) -> None:
        super().__init__(fault)
        self._response = response
        self._interval = interval

    async def play(self, transport: asyncio.Transport) -> None:
        """Write the status line, the headers and the body."""
        response = self._response
        head = [b"HTTP/1.1 %d Dripped" % response.status_code]
        head += [name + b": " + value for name, value in response.raw_headers]
        head += [b"connection: close", b"", bytes(response.body)]
        for byte in b"\r\n".join(head):
            if transport.is_closing():
                return
            transport.write(bytes((byte,)))
            await asyncio.sleep(self._interval)
        transport.close()


def reset_on_close(connection: socket.socket) -> None:
    """Make closing a connection send RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
