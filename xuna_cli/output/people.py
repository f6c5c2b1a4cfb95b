"""Files of people: all people of a campaign with their outcomes, and people to call again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from xuna_cli.ledger.records import CallOutcome, CallRecord
from xuna_cli.outcomes.joined_list import Person
from xuna_cli.output.files import destination, write_json
from xuna_cli.output.spreadsheet import write_rows

CALL = (
    "row_number",
    "key",
    "to_phone_number",
    "state",
    "batch_id",
    "ledger_batch_id",
    "run_id",
    "submitted_at",
    "finished_at",
    "error",
)
OUTCOME = (
    "outcome",
    "conversation_id",
    "conversations",
    "joined_by",
    "status",
    "started_at",
    "duration",
    "evaluation",
    "collected_data",
)
LIST = ("list", "list_row", "attempt")
"""The list with which somebody was called, the row of it, and which call of the person it was."""

EXPORTED = (*CALL, *OUTCOME, *LIST)


def export_people(
    people: Iterable[Person],
    columns: Sequence[str],
    output: str,
    to: Path | None,
    lists: Mapping[int, str],
) -> None:
    """Write a row for every person as CSV or a JSON array, in constant memory.

    Args:
        people: the people.
        columns: the list's columns, which come first; an own column of the same name gets the prefix `xuna_`.
        output: `csv` or `json`.
        to: the file; None for stdout.
        lists: the list of each run, by run id.

    Raises:
        InputError: if the file can't be written.
    """
    header = (*columns, *_beside(EXPORTED, columns))
    with destination(to) as stream:
        rows = ((*_own(one, columns), *_exported(one), *_list_of(one, lists)) for one in people)
        if output == "csv":
            write_rows(stream, header, ([_readable(value) for value in row] for row in rows))
        else:
            write_json(stream, header, rows)


def write_people_to_call(
    to: Path | None,
    people: Iterable[Person],
    columns: Sequence[str],
    *,
    phone_column: str = "phone",
    key_column: str | None,
) -> int:
    """Write a list for `xuna batch-call`, and return the number of its people.

    Without a joined list, the columns are the number and the campaign's key column, if any.

    Args:
        to: the file; None for stdout.
        people: the people to call again; each was called before.
        columns: columns of the joined list, or nothing.
        phone_column: column of the number, without a joined list.
        key_column: the campaign's key column, if any.

    Raises:
        InputError: the file can't be written.
    """
    written = 0
    ours = [*(["called_number"] if columns else []), "previous_row", "previous_outcome"]
    base: Sequence[str] = columns or [phone_column, *([key_column] if key_column else [])]

    def rows() -> Iterator[Sequence[object]]:
        nonlocal written
        for one in people:
            assert one.call is not None  # noqa: S101 - who was never called is not called again
            written += 1
            number, _, value = one.call.key.partition("\x1f")
            if one.contact is not None:
                own = _own(one, base)
            else:  # columns from the ledger: the number and the key
                known = {phone_column: number, key_column: value}
                own = [known.get(name) for name in base]
            yield (*own, *([number] if columns else []), *_again(one))

    header = (*base, *_beside(ours, base))
    with destination(to) as stream:
        write_rows(stream, header, rows())
    return written


def _again(one: Person) -> tuple[object, object]:
    return one.row_number, one.outcome.value if one.outcome else None


def _beside(ours: Sequence[str], columns: Sequence[str]) -> list[str]:
    taken = set(columns)
    return [f"xuna_{name}" if name in taken else name for name in ours]


def _own(one: Person, columns: Sequence[str]) -> list[object]:
    fields = one.contact.fields if one.contact else {}
    return [fields.get(name) for name in columns]


def _readable(value: object) -> object:
    # The key's separator is a control character: on a terminal, its symbol is shown.
    return value.replace("\x1f", "␟") if isinstance(value, str) else value


def _list_of(one: Person, lists: Mapping[int, str]) -> tuple[object, object, object]:
    if one.call is None:
        return None, None, None
    return lists.get(one.call.batch.run_id), one.call.row_number, one.call.attempt


def _exported(one: Person) -> tuple[object, ...]:
    call: CallRecord | None = one.call
    if call is None:
        nothing = (None,) * (len(CALL) - 5)
        return (one.row_number, None, None, one.state, *nothing, one.message, *((None,) * len(OUTCOME)))
    of, came = call.batch, call.outcome
    head = (
        one.row_number,
        call.key,
        call.to_phone_number,
        of.state.value,
        of.batch_id,
        of.id,
        of.run_id,
        of.submitted_at,
        of.finished_at,
        of.error,
        (one.outcome or CallOutcome.NOT_READ).value,
    )
    if came is None:
        return (*head, *((None,) * (len(OUTCOME) - 1)))
    judged = {name: {"result": v.result, "rationale": v.rationale} for name, v in came.evaluation.items()}
    return (
        *head,
        came.conversation_id,
        came.conversations,
        came.joined_by,
        came.status,
        came.started_at,
        came.duration,
        judged or None,
        dict(came.collected) or None,
    )
