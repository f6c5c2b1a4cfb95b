"""Causes of rejections, as lines for a terminal."""

from collections.abc import Iterator

from xuna_cli.dialing.report import Report
from xuna_cli.output.messages import counted

CAUSES_SHOWN = 10
DUPLICATES_SHOWN = 10


def rejection_lines(report: Report, rejects: str | None, again: str) -> Iterator[str]:
    """Yield the causes of rejections, most frequent first, and how to call the fixed rows.

    Args:
        report: the run's report.
        rejects: the file of rejected rows, if requested.
        again: the command that calls the fixed rejects.
    """
    rejected = report.counts["rejected"]
    if not rejected:
        return
    yield f"Rejected rows ({rejected:,}):"
    for cause in report.causes[:CAUSES_SHOWN]:
        if cause.rows == 1:
            yield f"  row {cause.first_rows[0]}: {cause.message} [{cause.code}]"
            continue
        more = ", …" if cause.rows > len(cause.first_rows) else ""
        rows = ", ".join(map(str, cause.first_rows))
        yield f"  {cause.rows:,} rows ({rows}{more}), e.g. row {cause.first_rows[0]}: {cause.message} [{cause.code}]"
    if len(report.causes) > CAUSES_SHOWN:
        yield f"  and {counted(len(report.causes) - CAUSES_SHOWN, 'other cause', 'other causes')}"
    if rejects is None:
        yield "  To get these rows as a CSV file that you can fix and call, add --rejects FILE."
    elif again:
        yield f"  All rejected rows, with reasons, are in {rejects}. Fix the rows there, then run:"
        yield f"  {again}"


def duplicate_lines(report: Report) -> Iterator[str]:
    """Yield the duplicate rows and the rows that they repeat; the first ten are named."""
    duplicates = report.counts["duplicates"]
    if duplicates:
        pairs = [
            f"row {row}" + (f" (same as row {of_row})" if of_row is not None else "")
            for row, of_row in report.duplicates[:DUPLICATES_SHOWN]
        ]
        more = ", …" if duplicates > len(pairs) else ""
        yield f"Duplicates, called only once ({duplicates:,}): {', '.join(pairs)}{more}"
