"""What a command answers, and the one way in which every answer is printed.

A command returns a `Result`. `print_result` makes of it what `--output` asks for: a table for people, one JSON
document (the envelope: `xuna_result_version`, `command`, `status`, `exit_code`, the command's own keys,
`errors`) or CSV. `print_failure` prints the envelope of a command that has no result. Cheap to import: rich is
only loaded to draw a table.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xuna_cli.errors import ExitStatus, UnreachableError, XunaError, most_important
from xuna_cli.output.messages import emit, say

VERSION = 1


class Styled(NamedTuple):
    """A cell of a table that stands out."""

    text: object
    style: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people.

    Attributes:
        columns: their headings.
        rows: a cell for each column; None is an empty one.
        right: headings of the columns with numbers.
        from_width: headings of the columns that a narrow terminal doesn't get, and the width that they need.
        narrow: the same for narrow terminals.
        narrow_below: the width from which it is not needed.
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[object | Styled]]
    right: Sequence[str] = ()
    from_width: Mapping[str, int] = field(default_factory=dict)
    narrow: "Table | None" = None
    narrow_below: int = 0


class Result(ABC):
    """What a command found or did.

    A subclass that has one of these properties as a field of a dataclass declares it with `field()`, and has slots.
    """

    @property
    def errors(self) -> Sequence[XunaError]:
        """What went wrong, although there is a result."""
        return ()

    @property
    def exit_status(self) -> ExitStatus:
        """What the process ends with."""
        return most_important({error.exit_status for error in self.errors})

    @property
    def partial(self) -> bool:
        """Whether a part was found or done where the exit status is not 0."""
        return False

    @abstractmethod
    def document(self) -> Mapping[str, object]:
        """Return the command's own keys of the JSON document."""

    @abstractmethod
    def parts(self) -> Iterable[Table | str]:
        """Yield tables and lines for people."""

    def rows(self) -> Iterable[Sequence[object]]:
        """Yield the rows of the CSV, the header first."""
        raise NotImplementedError

    def remarks(self) -> Iterable[str]:
        """Yield what is to be known beside the result, whatever its form; it goes to stderr."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListResult(Result):
    """A list that the API may have cut off.

    Attributes:
        incomplete: why it is cut off; None: it is whole.
    """

    incomplete: str | None

    @property
    def errors(self) -> Sequence[XunaError]:
        """That it is cut off."""
        return cut_off(self.incomplete)

    @property
    def partial(self) -> bool:
        """What could be read is there."""
        return True

    def remarks(self) -> Iterable[str]:
        """Yield that it is cut off."""
        return [f"xuna: warning: {error.message}" for error in cut_off(self.incomplete)]


def cut_off(incomplete: str | None) -> list[XunaError]:
    """Return the error of a list that is cut off, if it is."""
    if incomplete is None:
        return []
    return [UnreachableError(f"the list is incomplete: {incomplete}", code="list-incomplete")]


def print_result(command: str, result: Result, output: str) -> None:
    """Print a result.

    Args:
        command: its name, e.g. `agents list`.
        result: what it returned.
        output: `table`, `json` or `csv`.

    Raises:
        OutputError: if it can't be written.
    """
    if output == "json":
        emit(result_document(command, result))
    elif output == "csv":
        import io  # noqa: PLC0415 - only where it is needed

        from xuna_cli.output.spreadsheet import write_rows  # noqa: PLC0415 - only where it is needed

        header, *rows = result.rows()
        stream = io.StringIO()
        write_rows(stream, [str(name) for name in header], rows)
        emit(stream.getvalue())
    else:
        from xuna_cli.output.drawing import print_parts  # noqa: PLC0415 - rich, only where it is seen

        print_parts(result)
    for remark in result.remarks():
        say(remark)


def result_document(command: str, result: Result) -> str:
    """Return the JSON document of a result, with a line break at its end."""
    return dump(document_of(command, result))


def document_of(command: str, result: Result) -> dict[str, Any]:
    """Return the JSON document of a result."""
    status = "success" if not result.exit_status else "partial" if result.partial else "error"
    return _envelope(command, status, result.exit_status, result.document(), result.errors)


def print_failure(command: str, error: XunaError) -> None:
    """Print the JSON document of a command that has no result."""
    emit(dump(_envelope(command, "error", error.exit_status, {}, [error])))


def dump(document: object) -> str:
    """Return JSON for people and programs; ASCII, so that no terminal obeys what is in it."""
    import json  # noqa: PLC0415 - only where it is needed

    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _error_document(error: XunaError) -> dict[str, str]:
    """Return an error as a JSON object."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def _envelope(
    command: str,
    status: str,
    exit_status: ExitStatus,
    own: Mapping[str, object],
    errors: Iterable[XunaError],
) -> dict[str, Any]:
    return {
        "xuna_result_version": VERSION,
        "command": command,
        "status": status,
        "exit_code": int(exit_status),
        **own,
        "errors": [_error_document(error) for error in errors],
    }
