"""Settings: flag > environment > .env > default. Each value knows its source."""

import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from xuna_cli.debug_log import never_show
from xuna_cli.errors import ConfigurationError, UsageError, reason_of

API_KEY = "XUNA_AI_API_KEY"

# Anybody may have written a `.env` in the current folder, so it must not choose the server that gets the key.
NOT_FROM_IMPLICIT = frozenset({"XUNA_BASE_URL"})

VARIABLES = frozenset(
    {
        "XUNA_AGENT_ID",
        "XUNA_AGENT_MESSAGE",
        "XUNA_AI_API_KEY",
        "XUNA_ALLOW_ODD_MESSAGES",
        "XUNA_BASE_URL",
        "XUNA_BATCH_SIZE",
        "XUNA_CLOSE_EARLY",
        "XUNA_CONCURRENCY",
        "XUNA_COUNTRY",
        "XUNA_DAYS",
        "XUNA_DEBUG",
        "XUNA_DEFAULT_TIMEZONE",
        "XUNA_DO_NOT_CALL",
        "XUNA_EXIT_CODE",
        "XUNA_FIRST_MESSAGE",
        "XUNA_FROM_PHONE_NUMBER_ID",
        "XUNA_GIVE_UP_AFTER",
        "XUNA_HOURS",
        "XUNA_LEDGER",
        "XUNA_LOG",
        "XUNA_MASK",
        "XUNA_MAX_CALLS",
        "XUNA_MAX_LIST_AGE",
        "XUNA_MAX_UNKNOWN",
        "XUNA_METRICS",
        "XUNA_NOT_ON",
        "XUNA_OPT_OUT_WHEN",
        "XUNA_OUTPUT",
        "XUNA_PRICE_PER_MINUTE",
        "XUNA_QUIET_DAYS",
        "XUNA_RATE",
        "XUNA_REGION",
        "XUNA_REQUIRE_LEDGER",
        "XUNA_REQUIRE_SEAL",
        "XUNA_SIGNED_BY",
        "XUNA_TIMEOUT",
    }
)
"""All variables of xuna. XUNA_EXIT_CODE is for the command of --on-end, which may run xuna."""

ALMOST = 0.8
"""How similar a name must be to that of a variable to be a misspelling of it, from 0 to 1."""


LARGEST_FILE = 1024 * 1024
"""Largest size of a settings file, in bytes."""


class Secret:
    """A value that is hidden in its repr; `reveal` returns it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the only place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


class Given(str):
    """A value that the user set, with its source.

    Attributes:
        source: description of the source: `--agent-id`, `XUNA_AGENT_ID in the environment`, `XUNA_AGENT_ID in
            /path/.env`.
        folder: base folder of relative paths; None for the current folder.
        unasked: whether the value comes from a `.env` that was read without `--env-file`.
    """

    __slots__ = ("folder", "source", "unasked")
    source: str
    folder: Path | None
    unasked: bool

    def __new__(cls, text: str, source: str, folder: Path | None = None, *, unasked: bool = False) -> Self:
        """Create the text with its source."""
        made = super().__new__(cls, text)
        made.source = source
        made.folder = folder
        made.unasked = unasked
        return made

    @property
    def paths(self) -> list[Path]:
        """The value as paths, separated as in PATH."""
        return [
            (self.folder or Path()) / expanded(Path(part)) for part in self.split(os.pathsep) if part.strip()
        ]

    @property
    def path(self) -> Path:
        """The value as one path."""
        return (self.folder or Path()) / expanded(Path(self))


def expanded(path: Path) -> Path:
    """Return a path with its leading `~` replaced; an unknown user's stays as it is."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


class Settings:
    """All settings of one invocation of xuna.

    Args:
        environ: the process's environment.
        env_file: the file given with `--env-file`; None for `.env` in the current folder, if it exists.
        folder: the current folder.

    Raises:
        ConfigurationError: a file given with `--env-file` does not exist, or a settings file can't be read.
    """

    def __init__(self, environ: Mapping[str, str], env_file: Path | None, folder: Path) -> None:
        self._environ = environ
        self.warnings: list[str] = []
        self._explicit = env_file is not None
        self.path = (folder / (env_file or ".env")).absolute()
        self._from_file = self._read(explicit=self._explicit)

    def find(self, name: str) -> Given | None:
        """Return the value of a variable from the environment, or else from the file. Empty values are ignored."""
        if value := self._environ.get(name):
            return Given(value, f"{name} in the environment")
        return self.of_file(name)

    def of_file(self, name: str) -> Given | None:
        """Return the value of a variable from the file."""
        if (value := self._from_file.get(name)) is None:
            return None
        return Given(value, f"{name} in {self.path}", self.path.parent, unasked=not self._explicit)

    def api_key(self) -> Secret:
        """Return the API key.

        Raises:
            ConfigurationError: the key is missing, or contains characters that no key has.
        """
        key = self.find(API_KEY)
        if key is None:
            raise ConfigurationError(
                "the API key is missing",
                hint=f"set {API_KEY} in the environment or in .env, or run: xuna init",
                code="missing-ai-api-key",
            )
        if not all("!" <= character <= "~" for character in key):
            raise ConfigurationError(
                f"{API_KEY} contains a space, a line break or another character that no key has",
                hint="copy the key again, without quotes around it",
                code="key-malformed",
            )
        never_show(key)
        return Secret(key)

    def check_names(self) -> list[str]:
        """Check that no name is a misspelled variable: without its rule, a run would call other people.

        Returns:
            warnings about all other names in the file that begin with XUNA_ and that xuna does not know. In the
            environment they are no mistake: a container may have a variable with the version of xuna.

        Raises:
            UsageError: a name is almost that of a variable, and that variable is not set.
        """
        warnings = []
        for name, source in self.unknown_names():
            problem = f"{name} in {source} is not a variable of xuna"
            near = _nearest(name)
            if near is not None and self.find(near) is None:  # else it may be another program's
                raise UsageError(problem, hint=f"did you mean {near}?", code="unknown-variable")
            if name in self._from_file:
                warnings.append(f"{problem} and is not used")
        return warnings

    def unknown_names(self) -> Iterator[tuple[str, str]]:
        """Yield each name that looks like a variable of xuna and is none, and where it is set."""
        for names, source in ((self._environ, "the environment"), (self._from_file, str(self.path))):
            yield from ((name, source) for name, value in names.items() if value and _is_unknown(name))

    def _read(self, *, explicit: bool) -> dict[str, str]:
        if not explicit and not self.path.is_file():
            return {}

        try:
            with self.path.open("rb") as file:
                content = file.read(LARGEST_FILE + 1)
            if len(content) > LARGEST_FILE:
                raise ConfigurationError(
                    f"{self.path} has more than {LARGEST_FILE // 1024:,} KiB, so it is not a settings file",
                    hint="check --env-file",
                    code="env-file",
                )
            values = self._parse(content.decode("utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationError(
                f"{self.path} can't be read: {reason}", hint="check --env-file", code="env-file"
            ) from None
        found = {name: value for name, value in values.items() if _like_ours(name) and value}
        if not explicit:
            for name in sorted(NOT_FROM_IMPLICIT & found.keys()):
                del found[name]
                self.warnings.append(f"{self.path} can't set {name} unless the file is named with --env-file")
        return found

    def _parse(self, text: str) -> dict[str, str | None]:
        """Return the values of a settings file; the last line of a name counts.

        Raises:
            ConfigurationError: a line with a name of xuna does not set it.
        """
        from dotenv.parser import parse_stream  # noqa: PLC0415 - only where there is a file

        values = {}
        for one in parse_stream(io.StringIO(text)):
            line = one.original.string
            if (one.error or (one.key and one.value is None)) and _PREFIX in _folded(line):
                before = line[: len(line) - len(line.lstrip())]  # blank lines
                number = one.original.line + before.count("\n")
                raise ConfigurationError(
                    f"{self.path}, line {number} is not of the form NAME=value",
                    hint="write it like XUNA_HOURS=09:00-18:00",
                    code="env-file",
                )
            if one.key:
                values[one.key] = one.value
        return values


_PREFIX = "XUNA_"


def _folded(name: str) -> str:
    return name.upper().replace("-", "_")


def _like_ours(name: str) -> bool:
    return _folded(name).startswith(_PREFIX)


def _is_unknown(name: str) -> bool:
    return _like_ours(name) and name not in VARIABLES


def _nearest(name: str) -> str | None:
    """Return the variable that a misspelled name means, or None."""
    import difflib  # noqa: PLC0415 - only where there is an unknown name

    by_rest = {one.removeprefix(_PREFIX): one for one in VARIABLES}
    rest = _folded(name).removeprefix(_PREFIX)
    near = difflib.get_close_matches(rest, by_rest, n=1, cutoff=ALMOST)
    return by_rest[near[0]] if near else None


def user_folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """Return a folder for xuna's files, by the XDG Base Directory Specification; relative paths are ignored.

    Args:
        environ: the process's environment.
        variable: environment variable for the parent folder, e.g. `XDG_DATA_HOME`.
        default: parent folder within the home folder, if the variable is not set.

    Raises:
        RuntimeError: there is no home folder.
    """
    folder = Path(environ.get(variable, ""))
    return (folder if folder.is_absolute() else Path("~").expanduser() / default) / "xuna"


def data_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for ledgers.

    Raises:
        ConfigurationError: there is no home folder.
    """
    try:
        return user_folder(environ, "XDG_DATA_HOME", ".local/share")
    except RuntimeError:
        raise ConfigurationError(
            "there is no home folder for the ledger", hint="name a file with --ledger", code="no-home"
        ) from None
