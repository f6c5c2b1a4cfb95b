"""People who were not called and why, for terminals and JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from xuna_cli.dialing.report import Deferral, Report
from xuna_cli.models import LintWarning
from xuna_cli.output.messages import counted, sentence
from xuna_cli.phone.zone_rules import zone_rules
from xuna_cli.phone.zones import local
from xuna_cli.times import for_machines, for_people

ROWS_SHOWN = 10
ROWS_NAMED = 5  # of each reason
OPENINGS_SHOWN = 10


def screening_document(report: Report, marks: Sequence[LintWarning]) -> dict[str, Any]:
    """Return the screening keys of a run's document."""
    return {
        "screening": {
            "reasons": dict(sorted(report.reasons.items())),
            "outside_usual_hours": report.outside,
            "zone_rules": str(zone_rules()),
            "too_late": report.too_late,
            "rows": [
                {
                    "row": one.row_number,
                    "code": one.reason.code,
                    "counted_as": one.reason.count,
                    "message": one.reason.message,
                }
                for one in report.screened
            ],
        },
        "deferred_until": [
            {
                "zones": list(one.zones),
                "opens_at": for_machines(one.opens_at),
                "opens_at_local": _local(one).isoformat(timespec="seconds"),
                "people": one.people,
            }
            for one in report.deferrals
        ],
        "message_warnings": [
            {"code": mark.code, "message": mark.message, "rows": mark.rows, "first_row": mark.first_row}
            for mark in marks
        ],
    }


def screening_lines(
    report: Report, marks: Sequence[LintWarning], rejects: str | None = None
) -> Iterator[str]:
    """Yield the lines about screening; `rejects` is the file of rejected rows, if requested."""
    if report.reasons:
        yield ""
        yield "Not called: " + ", ".join(f"{rows:,} {code}" for code, rows in sorted(report.reasons.items()))
        rows = _by_message(report)
        yield from (f"  {numbers}: {message}" for message, numbers in rows[:ROWS_SHOWN])
        if len(rows) > ROWS_SHOWN or sum(report.reasons.values()) > len(report.screened):
            yield f"  … {_all_rows(report, rejects)}"
    if report.deferrals:
        yield ""
        yield "Deferred. Run the same command later to call these people:"
        yield from opening_lines(report)
    if report.too_late:
        who = counted(report.too_late, "deferred person", "deferred people")
        yield ""
        yield f"Too late: {who} can't be called at any later time, e.g. because of call_before."
    if warnings := warnings_of(report, marks):
        yield ""
        yield from map(sentence, warnings)


def opening_lines(report: Report) -> Iterator[str]:
    """Yield when deferred people may be called."""
    left_out = len(report.deferrals) - OPENINGS_SHOWN
    # A line about a single one would be as long as the one it replaces.
    left_out = left_out if left_out > 1 else 0
    for one in report.deferrals[: len(report.deferrals) - left_out]:
        who = counted(one.people, "person", "people")
        if one.zones:
            yield f"  {who}, from {_local(one):%a %d %b %Y %H:%M}, {_places(one.zones)}"
        else:  # the time doesn't depend on the person's place
            yield f"  {who}, from {for_people(one.opens_at)}"
    if left_out:
        yield f"  … and {left_out:,} more times; to see all, add --output json"


def warnings_of(report: Report, marks: Sequence[LintWarning]) -> list[str]:
    """Return warnings as phrases: calls outside the usual hours, and messages that look wrong."""
    lines = []
    if report.outside:
        if report.outside <= report.called:
            what = f"{counted(report.outside, 'call was', 'calls were')} outside 08:00-21:00 local time"
        else:
            who = counted(report.outside, "person", "people")
            what = f"it is now outside 08:00-21:00 local time for {who}"
        lines.append(f"{what}; to call only between these times, add --hours 08:00-21:00")
    lines += [
        f"{counted(mark.rows, 'message', 'messages')} may be wrong{', e.g.' if mark.rows > 1 else ':'} row "
        f"{mark.first_row}: {mark.message} [{mark.code}]"
        for mark in marks
    ]
    return lines


def _by_message(report: Report) -> list[tuple[str, str]]:
    """Return each reason with the rows that have it, in the order of the first rows."""
    rows: dict[str, list[int]] = {}
    for one in report.screened:
        rows.setdefault(one.reason.message, []).append(one.row_number)
    return [(message, _row_numbers(numbers)) for message, numbers in rows.items()]


def _row_numbers(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    more = ", …" if len(numbers) > ROWS_NAMED else ""
    return f"rows {', '.join(map(str, numbers[:ROWS_NAMED]))}{more}"


def _all_rows(report: Report, rejects: str | None) -> str:
    """Return how to get all rows: `--rejects` has those that no later run calls, and JSON has 1,000 of each kind."""
    if report.counts["deferred"]:
        return "to see more of these rows, add --output json"
    if rejects is None:
        return "to get all of these rows as a CSV file, add --rejects FILE"
    return f"all of these rows are in {rejects}"


def _local(one: Deferral) -> datetime:
    return local(one.opens_at, one.zones[0]) if one.zones else one.opens_at.astimezone()


def _places(zones: Sequence[str]) -> str:
    return f"in {zones[0]}" if len(zones) == 1 else f"in {zones[0]} and {len(zones) - 1} more"
