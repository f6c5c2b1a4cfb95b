"""Results of commands, and how they are printed.

A command returns a `Result`. `print_result` prints it as `--output` says: a table for people, one JSON
document (the envelope: `xuna_result_version`, `command`, `status`, `exit_code`, the command's own keys,
`errors`) or CSV. `print_failure` prints the envelope of a command that has no result. Cheap to import: rich is
only loaded to draw a table.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, NamedTuple

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import ExitStatus, UnreachableError, XunaError, most_important
from xuna_cli.output.messages import emit, say

VERSION = 1


class Styled(NamedTuple):
    """A highlighted table cell."""

    text: object
    style: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people.

    Attributes:
        columns: the headings.
        rows: rows of cells; None is an empty cell.
        right: headings of right-aligned columns.
        from_width: headings of columns hidden on narrow terminals, with the width that they need.
        whole: headings of columns with IDs, which people copy. Where they don't fit, the rows are printed one below the
            other instead of a table.
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[object | Styled]]
    right: Sequence[str] = ()
    from_width: Mapping[str, int] = field(default_factory=dict)
    whole: Sequence[str] = ()


class Result(ABC):
    """The result of a command.

    A dataclass that overrides one of these properties with a field declares it with `field()` and has slots.
    """

    @property
    def errors(self) -> Sequence[XunaError]:
        """Errors besides the result."""
        return ()

    @property
    def exit_status(self) -> ExitStatus:
        """The exit status."""
        return most_important({error.exit_status for error in self.errors})

    @property
    def partial(self) -> bool:
        """Whether the result is partial, if the exit status is not 0."""
        return False

    @abstractmethod
    def document(self) -> Mapping[str, object]:
        """Return the command's own keys of the JSON document."""

    @abstractmethod
    def parts(self) -> Iterable[Table | str]:
        """Yield the tables and lines for a terminal."""

    def rows(self) -> Iterable[Sequence[object]]:
        """Yield the rows of the CSV, the header first."""
        raise NotImplementedError

    def remarks(self) -> Iterable[str]:
        """Yield notes for stderr, whatever the output format."""
        return ()

    def unseen(self) -> Iterable[str]:
        """Yield notes for stderr about what only the table shows, for output without it."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListResult(Result):
    """A list from the API that may be incomplete.

    Attributes:
        incomplete: why the list is incomplete, or None.
    """

    incomplete: str | None

    @property
    def errors(self) -> Sequence[XunaError]:
        """The error of an incomplete list."""
        return cut_off(self.incomplete)

    @property
    def partial(self) -> bool:
        """True: the entries that could be read are there."""
        return True

    def remarks(self) -> Iterable[str]:
        """Yield a note if the list is incomplete."""
        return [f"xuna: warning: {error.message}" for error in cut_off(self.incomplete)]


def cut_off(incomplete: str | None) -> list[XunaError]:
    """Return the error of an incomplete list, or None."""
    if incomplete is None:
        return []
    return [UnreachableError(f"the list is incomplete: {incomplete}", code="list-incomplete")]


def print_result(command: str, result: Result, output: str) -> None:
    """Print a result.

    Args:
        command: name of the command, e.g. `agents list`.
        result: the result.
        output: `table`, `json` or `csv`.

    Raises:
        OutputError: stdout can't be written.
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
    print_remarks(result, has_table=output == "table")


def print_remarks(result: Result, *, has_table: bool) -> None:
    """Print the notes of a result on stderr; `has_table` tells whether its table is printed."""
    for remark in result.remarks():
        say(remark)
    if not has_table:
        for note in result.unseen():
            say(note)


def result_document(command: str, result: Result) -> str:
    """Return the JSON document of a result as text with a final line break."""
    return dump(document_of(command, result))


def document_of(command: str, result: Result) -> dict[str, Any]:
    """Return the JSON document of a result."""
    status = "success" if not result.exit_status else "partial" if result.partial else "error"
    return _envelope(command, status, result.exit_status, result.document(), result.errors)


def print_failure(command: str, error: XunaError) -> None:
    """Print the JSON document of a command that has no result."""
    emit(dump(_envelope(command, "error", error.exit_status, {}, [error])))


def dump(document: object) -> str:
    """Format JSON as ASCII, so that it can't control a terminal."""
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
