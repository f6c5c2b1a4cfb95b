"""The file of `--metrics`, for the textfile collector of Prometheus' node exporter.

`xuna help log` describes the names.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from xuna_cli.dialing.report import COUNTS, Report
from xuna_cli.ledger.records import BatchRecord, BatchState
from xuna_cli.output.files import replacing

READABLE_BY_ALL = 0o644  # the node exporter runs as another user, and the file has no personal data


def write_metrics(
    path: Path,
    *,
    campaign: str,
    report: Report,
    held: Sequence[BatchRecord] | None,
    exit_code: int,
    ended_at: datetime,
    seconds: float,
) -> None:
    """Write the file atomically.

    Args:
        path: the file.
        campaign: the campaign's name, the label of all values.
        report: the run's report.
        held: the campaign's held batches; None if unknown, and then the file says nothing about them.
        exit_code: exit code of the process.
        ended_at: end of the run.
        seconds: duration of the run.

    Raises:
        InputError: the file can't be written.
    """
    label = f'campaign="{_escaped(campaign)}"'
    with replacing(path) as stream:
        os.fchmod(stream.fileno(), READABLE_BY_ALL)
        stream.writelines(
            line + "\n"
            for name, meaning, values in _metrics(report, held, exit_code, ended_at, seconds)
            for line in (
                f"# HELP {name} {meaning}",
                f"# TYPE {name} gauge",
                *(f"{name}{{{label}{more}}} {value:.15g}" for more, value in values),
            )
        )


def _metrics(
    report: Report, held: Sequence[BatchRecord] | None, exit_code: int, ended_at: datetime, seconds: float
) -> Iterator[tuple[str, str, list[tuple[str, float]]]]:
    """Yield name, help text and values; each value with its labels besides the campaign."""
    yield (
        "xuna_last_run_end_timestamp_seconds",
        "When the last run ended.",
        [("", ended_at.timestamp())],
    )
    yield "xuna_last_run_duration_seconds", "How long the last run took.", [("", round(seconds, 3))]
    yield "xuna_last_run_exit_code", "Exit code of the last run.", [("", exit_code)]
    rows: list[tuple[str, float]] = [(f',count="{name}"', report.counts[name]) for name in COUNTS]
    yield "xuna_last_run_rows", "Rows of the list in the last run, by what became of them.", rows
    states = Counter(record.state for record in report.batches)
    batches: list[tuple[str, float]] = [
        (f',state="{state.value}"', states[state])
        for state in (BatchState.ACCEPTED, BatchState.SHORT, BatchState.UNKNOWN, BatchState.REFUSED)
    ]
    yield "xuna_last_run_batches", "Batches that the last run sent, by state.", batches
    if held is not None:
        yield "xuna_held_batches", "Batches of the campaign that wait for a person.", [("", len(held))]


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
