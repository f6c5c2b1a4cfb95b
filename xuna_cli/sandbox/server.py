"""The sandbox on a loopback socket, in a thread of this process or in the foreground."""

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import TracebackType
from typing import Self

import uvicorn

from xuna_cli.sandbox.account import Account
from xuna_cli.sandbox.app import create_app
from xuna_cli.sandbox.conversations import ConversationOptions
from xuna_cli.sandbox.faults import Fault, Faults
from xuna_cli.sandbox.raw_transport import TransportProtocol
from xuna_cli.sandbox.state import Remember, SandboxState

HOST = "127.0.0.1"
SILENT = logging.CRITICAL + 1


class _Uvicorn(uvicorn.Server):
    """uvicorn without polling: it starts and stops at once, and drops open connections."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        await self.on_tick(0)
        self._on_start()
        while not self._leave.is_set():
            try:
                async with asyncio.timeout(1):
                    await self._leave.wait()
            except TimeoutError:
                await self.on_tick(0)  # the Date header

    def leave(self) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        del sockets
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class SandboxServer:
    """A sandbox that runs in a daemon thread, between `start()` and `stop()` or inside `with`.

    It installs no signal handlers and logs nothing. The port is bound, and `base_url` is known, before `start()`.

    Args:
        port: port number; 0 for a free one.
        api_key: the accepted key; replaces the account's.
        faults: faults that are active from the start.
        account: agents and phone numbers.
        remember: what to keep of the accepted calls: `all`, `numbers` or `count`.
        record: file that gets one JSON line for each accepted call.
        record_words: whether that file contains each call's override, which may name people.
        sync: whether to fsync that file before a batch is answered.
        seed: makes conversations and random faults repeatable, and also batch IDs if the clock is the same.
        clock: returns Unix time in seconds, for call times and for when conversations appear.
        conversations: content of conversation records, and when they appear.

    Attributes:
        state: accepted calls and received requests.
        faults: the active faults; add and clear them at any time.
        account: the account, with the key.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        api_key: str | None = None,
        faults: Iterable[Fault] = (),
        account: Account | None = None,
        remember: Remember | str = Remember.ALL,
        record: str | os.PathLike[str] | None = None,
        record_words: bool = True,
        sync: bool = False,
        seed: int | None = None,
        clock: Callable[[], float] = time.time,
        conversations: ConversationOptions | None = None,
    ) -> None:
        account = account or Account()
        self.account = account if api_key is None else replace(account, api_key=api_key)
        self.faults = Faults(faults, seed=seed)
        self._socket = socket.create_server((HOST, port), backlog=1024)
        # asyncio doesn't set this for such sockets, and each answer on a kept connection would take 40 ms longer.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self.base_url = f"http://{HOST}:{self.port}"
        self.state = SandboxState(
            remember=remember, record=record, record_words=record_words, sync=sync, seed=seed, clock=clock
        )
        self._started = threading.Event()
        config = uvicorn.Config(
            create_app(self.account, self.state, self.faults, conversations),
            http=TransportProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            log_config=None,
            log_level=SILENT,
            access_log=False,
        )
        self._uvicorn = _Uvicorn(config, self._started.set)
        self._thread = threading.Thread(target=self._run, name="xuna-sandbox", daemon=True)

    def _run(self) -> None:
        asyncio.run(self._uvicorn.serve(sockets=[self._socket]))

    def start(self) -> Self:
        """Start serving; return when the server is ready."""
        self._thread.start()
        self._started.wait()
        return self

    def wait(self) -> None:
        """Wait until the server has stopped; a signal handler may raise an exception here."""
        self._thread.join()

    def stop(self) -> None:
        """Drop every connection and stop; the state can still be read."""
        if self._thread.is_alive():
            self._uvicorn.leave()
            self._thread.join()
        self._socket.close()
        self.state.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
