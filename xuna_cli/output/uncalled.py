"""Lines about people whom no run with the same list and options will call.

The table names these people, too. Where no table is printed (JSON, CSV, --quiet), these lines go to stderr: so nobody
is lost silently, and the log of a job explains the exit code.
"""

from collections.abc import Iterator

from xuna_cli.dialing.report import TOO_LATE, Report
from xuna_cli.output.messages import counted

NEVER = ("no-common-hour", "no-timezone", "timezone-unknown")
"""Codes of people who can't be called at any time until their data or the options change."""


KIND_OF_NUMBER = "kind-of-number"
"""Code of people whose number may cost more; they are left out although no option asks for it."""


def never_callable(report: Report) -> int:
    """Return the number of people who can't be called at any time, although no rule says that they must not be."""
    return sum(report.reasons.get(code, 0) for code in NEVER)


def uncalled_lines(report: Report, rejects: str | None) -> Iterator[str]:
    """Yield a warning for each kind of these people: how many, the first row with its reason, and what to do.

    People who were called, will be called later, or must not be called by a rule that the user chose are not among
    them.

    Args:
        report: the run's report.
        rejects: the file of rejected rows, if requested.
    """
    if report.causes:
        yield f"xuna: warning: {_rejected(report, rejects)}"
    for code in NEVER:
        if people := report.reasons.get(code):
            who = counted(people, "person", "people")
            yield f"xuna: warning: {who} can't be called at any time with these options{_example(report, code)}"
    if people := report.reasons.get(KIND_OF_NUMBER):
        who = counted(people, "person was", "people were")
        yield f"xuna: warning: {who} not called because of the kind of number{_example(report, KIND_OF_NUMBER)}"
    if report.nobody_consents:
        yield (
            f"xuna: warning: nobody on the list has consent{_example(report, 'no-consent')}; fill in the column, or "
            "name the words that mean yes with --consent-values"
        )
    if report.too_late:
        who = counted(report.too_late, "deferred person", "deferred people")
        yield f"xuna: warning: {who} can't be called at any later time{_example(report, TOO_LATE)}"


def _rejected(report: Report, rejects: str | None) -> str:
    rows, main = report.counts["rejected"], report.causes[0]
    which = f"{main.rows:,} of them like" if 1 < main.rows < rows else "e.g." if rows > 1 else "namely"
    return (
        f"{counted(rows, 'row was', 'rows were')} rejected, {which} row {main.first_rows[0]}: {main.message} "
        f"[{main.code}]; "
        + (
            "to get the rejected rows as a file that you can fix and call, add --rejects rejected.csv"
            if rejects is None
            else f"all rejected rows, with reasons, are in {rejects}"
        )
    )


def _example(report: Report, code: str) -> str:
    example = report.examples.get(code)
    return "" if example is None else f", e.g. row {example.row_number}: {example.reason.message}"
