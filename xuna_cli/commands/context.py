"""What commands open: the settings, the ledger, the account, and a file to write."""

import contextlib
import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xuna_cli.api.client import Client
from xuna_cli.api.origin import DEFAULT_BASE_URL, origin_of
from xuna_cli.api.retry import RetryingReader
from xuna_cli.commands.prompts import agent_of, caller_number_of, is_interactive
from xuna_cli.errors import ConfigurationError, LedgerError, UsageError
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.location import Location, ServerUrl, is_server_url
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.place import cautions
from xuna_cli.output.files import beside_ledger, is_within, refuse_inputs, refuse_ledger
from xuna_cli.output.messages import say
from xuna_cli.settings import Given, Settings, data_folder

SANDBOX_ORIGIN = "sandbox"
SANDBOX_AGENT = "agent_sandbox"
SANDBOX_NUMBER = "pn_sandbox"
SANDBOX_UNANSWERED = 0.1  # the share of its calls without a record, as life has them
SANDBOX_RECORD_LIMIT = 32 * 2**20  # bytes; reading it back takes time at every start

READING_DEADLINE_S = 60.0
WORTH_SAYING_S = 3.0


def read_settings(env_file: Path | None) -> Settings:
    """Return the settings of this invocation; raises as `Settings` does."""
    return Settings(os.environ, env_file, Path.cwd())


def ledger_location(settings: Settings, flag: str | None, *, sandbox: bool) -> Location:
    """Return where the ledger is; the sandbox has one of its own, whatever anybody says."""
    if sandbox:
        return data_folder(os.environ) / "sandbox.db"
    given = (
        flag
        if isinstance(flag, Given)
        else settings.find("XUNA_LEDGER")
        if flag is None
        else Given(flag, "--ledger")
    )
    if given is None:
        return data_folder(os.environ) / "ledger.db"
    location = location_of(given, source=given.source, folder=given.folder)
    if given.unasked and isinstance(location, ServerUrl):
        # A file that happens to lie here must not choose to whom the list of people goes.
        raise ConfigurationError(
            f"{given.source} can't choose a server for the ledger: nobody named that file",
            hint="name it with --env-file, or set XUNA_LEDGER in the environment",
            code="ledger-unasked",
        )
    if given.unasked:
        say(f"xuna: ledger: {location} (chosen by {given.source})")
    return location


def ledger_is_required(settings: Settings, *, flag: bool = False, sandbox: bool) -> bool:
    """Return whether a run may not begin a new ledger; the sandbox always may.

    Raises:
        ConfigurationError: if the variable says neither yes nor no.
    """
    return settings.truth("XUNA_REQUIRE_LEDGER", flag=flag, option="--require-ledger") and not sandbox


def location_of(text: str, *, source: str, folder: Path | None = None) -> Location:
    """Return where a ledger is that was named by a path or a URL.

    Args:
        text: the name.
        source: where it comes from, for people; the text itself may hold a password.
        folder: what a relative path is relative to; None for the current folder.

    Raises:
        LedgerError: if it is a URL of something else, or a file in a folder that is not there.
    """
    if is_server_url(text):
        return ServerUrl(text)
    if "://" in text:
        raise LedgerError(
            f"{source} is a URL that can't be a ledger",
            hint="name a file, or a database: postgresql://…",
            code="ledger-url",
        )
    path = (folder or Path.cwd()) / Path(text).expanduser()
    place = Path(os.path.realpath(path)).parent
    # A disk that is not mounted, or a mistyped name: no folder to be made.
    if not place.exists() and path.parent != data_folder(os.environ):
        raise LedgerError(
            f"{source}: the folder {place} of the ledger is missing",
            hint="mount its disk, or correct the path; for a new ledger there, first: "
            f"mkdir -p {shlex.quote(str(place))}",
            code="ledger-folder-missing",
        )
    return path


def address(campaign: str, ledger_flag: str | None, *, sandbox: bool) -> str:
    """Return how a command that we suggest has to name a campaign, so that it looks where we looked."""
    if ledger_flag and is_server_url(ledger_flag):
        ledger_flag = str(ServerUrl(ledger_flag))  # without the password
    where = " --sandbox" if sandbox else f" --ledger {shlex.quote(ledger_flag)}" if ledger_flag else ""
    return shlex.quote(campaign) + where


def ledger_for_writing(location: Location, *, required: bool = False) -> Ledger:
    """Open the ledger, make it if need be, and say so.

    Args:
        location: where it is.
        required: whether it has to be there.

    Raises:
        LedgerError: if it can't be used, or is required and not there.
    """
    try:
        ledger = open_ledger(location, create=not required)
    except LedgerError as error:
        raise _required(error) if error.code == "ledger-missing" else error from None
    if ledger.created:
        say(f"xuna: new ledger: {ledger.location}")
        if ledger.is_local and os.environ.get("CI"):
            say(
                "xuna: warning: this looks like CI, whose disk may be forgotten: "
                "the next run would call everybody again"
            )
    if isinstance(location, Path):
        for caution in cautions(location, created=ledger.created):
            say(f"xuna: warning: {caution}")
    return ledger


def ledger_if_there(location: Location, *, required: bool = False) -> Ledger | None:
    """Open a ledger without writing anything; None where there is none yet, unless it is required.

    Raises:
        LedgerError: if it can't be used, or is required and not there.
    """
    try:
        return open_ledger(location, create=False, read_only=True)
    except LedgerError as error:
        if error.code != "ledger-missing":
            raise
        if required:
            raise _required(error) from None
        return None


def _required(error: LedgerError) -> LedgerError:
    return LedgerError(
        f"{error.message}, and --require-ledger (XUNA_REQUIRE_LEDGER) demands one",
        hint="look whether its disk is mounted, and whether --ledger, XUNA_LEDGER, HOME and XDG_DATA_HOME are what "
        "they were; leave --require-ledger out for the first run",
        code=error.code,
    )


@contextlib.contextmanager
def ledger_for_reading(env_file: Path | None, flag: str | None, *, sandbox: bool) -> Iterator[Ledger]:
    """Open a ledger that is there."""
    ledger = open_ledger(ledger_location(read_settings(env_file), flag, sandbox=sandbox), create=False)
    with contextlib.closing(ledger):
        tell_moved(ledger)
        yield ledger


def tell_moved(ledger: Ledger) -> None:
    """Warn where a ledger that is only read goes on elsewhere."""
    if moved := ledger.moved:
        say(
            f"xuna: warning: the ledger {ledger.location} was moved to {moved.to} at {moved.at}; "
            "what happened since is only known there"
        )


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls, and through what."""

    client: Client
    agent_id: str
    from_phone_number_id: str
    origin: str


def base_url(settings: Settings, flag: str | None) -> str:
    """Return where the API is.

    Raises:
        ConfigurationError: if a `.env` that nobody named wants to choose it, and nobody else does.
    """
    setting = settings.get("XUNA_BASE_URL", flag, option="--base-url")
    if setting.value is None and settings.warnings:
        # Going on, to the real API, is not what whoever wrote that file meant.
        raise ConfigurationError(
            settings.warnings[0], hint="name the file with --env-file, or give --base-url", code="url-unasked"
        )
    return settings.get("XUNA_BASE_URL", flag, option="--base-url", default=DEFAULT_BASE_URL).value or ""


@contextlib.contextmanager
def open_account(
    settings: Settings,
    *,
    agent_id: str | None,
    from_phone_number_id: str | None,
    url_flag: str | None,
    sandbox: bool,
    deadline: float,
    ask: bool = False,
) -> Iterator[Account]:
    """Open the API, or a sandbox in this process that knows the agent and the number.

    Args:
        settings: of this invocation.
        agent_id: the flag's.
        from_phone_number_id: the flag's.
        url_flag: the flag's.
        sandbox: whether to call nobody.
        deadline: seconds that one request may take.
        ask: let a person on a terminal choose the agent or the number where none is given.

    Raises:
        ConfigurationError: if a setting is missing or malformed.
    """
    if sandbox:
        from xuna_cli.sandbox.account import Account as SandboxAccount
        from xuna_cli.sandbox.account import Agent, PhoneNumber
        from xuna_cli.sandbox.server import SandboxServer

        agent = settings.get("XUNA_AGENT_ID", agent_id).value or SANDBOX_AGENT
        number = settings.get("XUNA_FROM_PHONE_NUMBER_ID", from_phone_number_id).value or SANDBOX_NUMBER
        known = SandboxAccount(
            agents=(Agent(agent, "Sandbox agent", "Hello, this is the sandbox."),),
            phone_numbers=(PhoneNumber(number, "+15550100000", "Sandbox"),),
        )
        with SandboxServer(account=known, record=sandbox_record(), record_words=False) as server:
            client = Client(server.base_url, server.account.api_key, deadline=deadline)
            with contextlib.closing(client):
                yield Account(client, agent, number, SANDBOX_ORIGIN)
        return
    url = base_url(settings, url_flag)
    origin = origin_of(url)
    key = settings.api_key()
    client = Client(url, key.reveal(), deadline=deadline)
    with contextlib.closing(client):
        asked = ask and is_interactive()
        agent = agent_of(client, settings, agent_id, ask=asked)
        number = caller_number_of(client, settings, from_phone_number_id, ask=asked)
        yield Account(client, agent, number, origin)


@dataclass(frozen=True, slots=True)
class ApiToRead:
    """The API, for looking things up.

    Attributes:
        reader: reads again where the API asks to wait.
        origin: of the API, as campaigns keep it.
    """

    reader: RetryingReader
    origin: str


@contextlib.contextmanager
def api_to_read(env_file: Path | None, url_flag: str | None, *, sandbox: bool) -> Iterator[ApiToRead]:
    """Open the API for reading, or a sandbox that remembers the calls of earlier `--sandbox` runs.

    Raises:
        ConfigurationError: if a setting is missing or malformed.
    """
    settings = read_settings(env_file)
    for warning in settings.warnings:
        say(f"xuna: warning: {warning}")
    with contextlib.ExitStack() as stack:
        if sandbox:
            from xuna_cli.sandbox.conversations import ConversationOptions
            from xuna_cli.sandbox.server import SandboxServer

            options = ConversationOptions(unanswered=SANDBOX_UNANSWERED)
            server = stack.enter_context(
                SandboxServer(record=sandbox_record(), record_words=False, conversations=options)
            )
            client = Client(server.base_url, server.account.api_key, deadline=READING_DEADLINE_S)
            origin = SANDBOX_ORIGIN
        else:
            url = base_url(settings, url_flag)
            origin = origin_of(url)
            client = Client(url, settings.api_key().reveal(), deadline=READING_DEADLINE_S)
        stack.callback(client.close)
        reader = RetryingReader(client, on_wait=_say_wait)
        stack.callback(reader.stop)
        yield ApiToRead(reader, origin)


def sandbox_record() -> Path:
    """Return the file in which `--sandbox` remembers its calls from one invocation to the next: numbers alone."""
    record = data_folder(os.environ) / "sandbox-calls.jsonl"
    try:
        record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if record.exists() and record.stat().st_size > SANDBOX_RECORD_LIMIT:
            record.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"{record.parent} can't be written: {error.strerror}",
            hint="the sandbox keeps its ledger there: name another folder with XDG_DATA_HOME",
            code="data-folder",
        ) from None
    return record


def _say_wait(seconds: float) -> None:
    if seconds >= WORTH_SAYING_S:
        say(f"xuna: the API is asked again in {seconds:.0f} s")


def do_not_call_files(settings: Settings) -> list[Path]:
    """Return the do-not-call files that XUNA_DO_NOT_CALL names."""
    given = settings.find("XUNA_DO_NOT_CALL")
    return [] if given is None else given.paths


def check_output_file(
    to: Path, inputs: Iterable[Path | None], *, settings: Settings, env_file: Path | None, ledger: Path | None
) -> None:
    """Do nothing where a file may be written.

    Args:
        to: the file.
        inputs: what the command reads, and the lists that it is about.
        settings: of this invocation; the do-not-call lists that they name are needed, too.
        env_file: the one that was named; else the current folder's is needed.
        ledger: its file, if it is one.

    Raises:
        InputError: it is a ledger.
        UsageError: it is one of those that are needed.
    """
    refuse_ledger(to)
    of_ledger = [] if ledger is None else beside_ledger(ledger)
    refuse_inputs(to, [*inputs, env_file or Path(".env"), *do_not_call_files(settings), *of_ledger])
    if any(is_within(to, path) for path in of_ledger):
        raise UsageError(
            f"{to} would be among the locks of the ledger {ledger}",
            hint="name a file in another folder",
            code="output-is-input",
        )


def check_output_of_ledger(
    to: Path | None, opened: Ledger, *inputs: Path | str | None, env_file: Path | None
) -> None:
    """Do nothing where what is read from a ledger may be written to a file; raises as `check_output_file`.

    Args:
        to: the file; None: stdout.
        opened: the ledger.
        inputs: what else the command reads, and the lists that it is about.
        env_file: the one that was named.
    """
    if to is not None:
        needed = [None if path is None else Path(path) for path in inputs]
        file = None if "://" in opened.location else Path(opened.location)
        check_output_file(to, needed, settings=read_settings(env_file), env_file=env_file, ledger=file)
