"""Evidence about a campaign: runs, uncalled rows and the audit file."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.not_called import NotCalled
from xuna_cli.ledger.records import RunRecord
from xuna_cli.outcomes.audit import run_document
from xuna_cli.output.campaigns import WIDE, WIDEST
from xuna_cli.output.files import destination, write_json
from xuna_cli.output.masking import masked_data
from xuna_cli.output.messages import COUNT_LABELS, count_words
from xuna_cli.output.result import Result, Table
from xuna_cli.output.spreadsheet import write_rows
from xuna_cli.times import for_people

NOT_CALLED = tuple(field.name for field in fields(NotCalled))
SHOWN_WHOLE = 10
NO_LINE = "0" * 64
"""The hash before the first line of an audit file."""


@dataclass(frozen=True, slots=True)
class RunList(Result):
    """The runs of a campaign.

    Attributes:
        campaign: the campaign's name.
        runs: the runs, in order.
        counts: row counts by run id.
    """

    campaign: str
    runs: Sequence[RunRecord]
    counts: Mapping[int, Mapping[str, int]]

    def document(self) -> Mapping[str, object]:
        """Return the runs."""
        return {
            "campaign": self.campaign,
            "runs": [run_document(run, self.counts.get(run.id, {})) for run in self.runs],
        }

    def rows(self) -> Iterator[Sequence[object]]:
        """Yield a row for each run, with counts and rules as JSON."""
        documents = [run_document(run, self.counts.get(run.id, {})) for run in self.runs]
        names = list(documents[0]) if documents else ["id"]
        yield names
        for one in documents:
            yield [one[name] for name in names]

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each run, and all details of the last ones."""
        yield Table(
            ("Run", "Started", "User", "Accepted", "Exit", "Rows", "Host", "List", "Version"),
            map(self._row, self.runs),
            right=("Run", "Accepted", "Exit", "Rows"),
            from_width={"Rows": WIDE, "Host": WIDE, "List": WIDEST, "Version": WIDEST},
        )
        last = self.runs[-SHOWN_WHOLE:]
        if len(last) < len(self.runs):
            yield f"The last {len(last)} of {len(self.runs):,} runs are shown. To see all, add --output json."
        for run in last:
            yield Table((f"Run {run.id}", for_people(run.started_at)), self._facts(run))

    def _row(self, run: RunRecord) -> Sequence[object]:
        counts = self.counts.get(run.id, {})
        return (
            run.id,
            for_people(run.started_at),
            run.user_name or "-",
            f"{counts.get('accepted', 0):,}" if counts else "-",
            "-" if run.exit_code is None else run.exit_code,
            f"{counts['rows']:,}" if "rows" in counts else "-",
            run.host,
            Path(run.source).name,
            run.xuna_version,
        )

    def _facts(self, run: RunRecord) -> Iterator[Sequence[object]]:
        counts = self.counts.get(run.id, {})
        became = [count_words(name, counts[name]) for name in COUNT_LABELS if counts.get(name)]
        rules = run_document(run, counts)["rules"]
        yield "ended", for_people(run.ended_at) if run.ended_at else "-"
        yield "exit code", "-" if run.exit_code is None else run.exit_code
        yield "user and host", f"{run.user_name or '-'}@{run.host}, xuna {run.xuna_version}"
        yield "list", run.source
        yield "SHA-256 of list", run.list_sha256 or "-"
        if run.signed_by is not None:
            yield "signed by", run.signed_by
        yield "template", run.template or "-"
        yield "attempts", run.attempts or "1"
        yield "agent", run.agent_id
        yield "SHA-256 of agent", run.agent_hash or "-"
        yield "caller number", run.from_phone_number_id
        yield "API", run.api_origin or "-"
        yield "rows", ", ".join(became) or "-"
        if isinstance(rules, dict) and rules:
            yield "by rule", ", ".join(f"{count:,} {rule}" for rule, count in rules.items())


def export_not_called(rows: Iterable[NotCalled], output: str, to: Path | None) -> None:
    """Write uncalled rows as CSV or a JSON array, in constant memory.

    Raises:
        InputError: if the file can't be written.
    """
    with destination(to) as stream:
        if output == "csv":
            write_rows(stream, NOT_CALLED, map(astuple, rows))
        else:
            write_json(stream, NOT_CALLED, map(astuple, rows))


def export_audit(records: Iterable[Mapping[str, object]], to: Path | None) -> tuple[int, str]:
    """Write records as JSON Lines, each with the hash of the previous line.

    Returns:
        The number of lines and the hash of the last one.

    Raises:
        InputError: if the file can't be written.
    """
    lines, previous = 0, NO_LINE
    with destination(to) as stream:
        for record in records:
            line = json.dumps({"previous": previous, **record}, ensure_ascii=True)
            line = masked_data(line) if to is None else line  # the hash is that of the line that is printed
            previous = hashlib.sha256(line.encode()).hexdigest()
            stream.write(line + "\n")
            lines += 1
    return lines, previous
