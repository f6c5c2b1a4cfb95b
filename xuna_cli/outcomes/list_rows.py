"""Current counts of all rows in a campaign's lists, each row counted once.

A run's counts describe the rows of its list at that time. Since then, held batches may have been resolved,
later runs may have called people who were not sent, rejected rows may have been fixed and fed back, and a person may
be in several lists. Called, held and in-flight people are therefore counted in the ledger; for the other rows of each
list, the counts of the run that read most of it are used.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.records import (
    HELD_STATES,
    BatchRecord,
    BatchState,
    Decision,
    Resolution,
    RunRecord,
)

Counts = Mapping[str, int]

DO_NOT_CALL_RULE = "do-not-call"
IN_FLIGHT_STATES = (BatchState.CLAIMED, BatchState.SUBMITTING)


@dataclass(frozen=True, slots=True)
class ListRows:
    """Row counts of all lists of a campaign; they add up to `rows`.

    Attributes:
        called: rows of accepted calls.
        held: rows in a batch with an unknown outcome.
        in_flight: rows claimed or being sent now.
        waiting: rows not sent yet, or deferred.
        rejected: rows that can't become a call.
        duplicates: rows whose person is in another row or list.
        do_not_call: rows on a do-not-call list.
        screened: rows skipped by another rule.
        rejections: rejected rows by code.
        lists: number of lists.
        complete: whether some run has read each list to its end.
    """

    called: int = 0
    held: int = 0
    in_flight: int = 0
    waiting: int = 0
    rejected: int = 0
    duplicates: int = 0
    do_not_call: int = 0
    screened: int = 0
    rejections: Mapping[str, int] = field(default_factory=dict)
    lists: int = 0
    complete: bool = True

    @property
    def callable(self) -> int:
        """Number of rows that can be, or were, called."""
        return self.called + self.held + self.in_flight + self.waiting

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.callable + self.rejected + self.duplicates + self.do_not_call + self.screened


def list_rows(
    runs: Iterable[RunRecord],
    counts: Mapping[int, Counts],
    batches: Sequence[BatchRecord],
    resolutions: Mapping[int, Resolution],
) -> ListRows:
    """Count the rows of a campaign's lists, each by its person's first attempt.

    Args:
        runs: the campaign's runs, in order.
        counts: row counts by run id.
        batches: the campaign's batches.
        resolutions: decisions about held batches, by the ledger's batch id.
    """
    sizes: Counter[BatchState] = Counter()
    for batch in batches:
        sizes[batch.state] += batch.size - batch.again
    by_list: dict[str, list[RunRecord]] = {}
    for run in runs:
        by_list.setdefault(run.source, []).append(run)
    rows: Counter[str] = Counter()
    rejections: Counter[str] = Counter()
    fed_back: Counter[str] = Counter()
    complete = True
    for of_list in by_list.values():
        base = _best(of_list, counts)
        if base is None:
            complete = False
            continue
        said = _of_first_attempts(counts[base.id])
        complete = complete and bool(said.get("list_complete"))
        rejections.update(_with_prefix(said, "rejected:"))
        fed_back.update(_with_prefix(said, "fed-back:"))
        rows.update(
            {name: said.get(name, 0) for name in ("rejected", "duplicates", "do_not_call", "screened")}
        )
        rows.update(_since(base, said, of_list, batches, resolutions))
    for code, fixed in fed_back.items():
        # Rows that were fixed and fed back only have their new count.
        name = "do_not_call" if code == DO_NOT_CALL_RULE else "rejected" if rejections[code] else "screened"
        known = rejections[code] if name == "rejected" else rows[name]
        gone = min(fixed, known, rows[name])
        rows[name] -= gone
        if name == "rejected":
            rejections[code] -= gone
    return ListRows(
        called=sizes[BatchState.ACCEPTED],
        held=sum(sizes[state] for state in HELD_STATES),
        in_flight=sum(sizes[state] for state in IN_FLIGHT_STATES),
        waiting=rows["waiting"],
        rejected=rows["rejected"],
        duplicates=rows["duplicates"],
        do_not_call=rows["do_not_call"],
        screened=rows["screened"],
        rejections={code: count for code, count in rejections.most_common() if count},
        lists=len(by_list),
        complete=complete,
    )


def _best(runs: Sequence[RunRecord], counts: Mapping[int, Counts]) -> RunRecord | None:
    """Return the last run that read a whole list, or else the run that read most of it."""
    known = [run for run in runs if counts.get(run.id, {}).get("rows")]
    whole = [run for run in known if counts[run.id].get("list_complete")]
    return whole[-1] if whole else max(known, key=lambda run: (counts[run.id]["rows"], run.id), default=None)


def _since(
    base: RunRecord,
    said: Counts,
    runs: Sequence[RunRecord],
    batches: Sequence[BatchRecord],
    resolutions: Mapping[int, Resolution],
) -> Counter[str]:
    """Return how many people of a list wait now, and how many of its rows have people of another list."""
    of_list = {run.id for run in runs}
    taken = freed = own = 0
    for batch in batches:
        if batch.run_id not in of_list:
            continue
        was_freed = (
            batch.state is BatchState.REFUSED
            and (resolved := resolutions.get(batch.id)) is not None
            and resolved.decision is Decision.NOT_PLACED
            and resolved.decided_at > (base.ended_at or "")
        )
        people = batch.size - batch.again
        if batch.run_id > base.id:
            taken += people if batch.state is not BatchState.REFUSED else 0
        elif was_freed:
            freed += people
        elif batch.state is not BatchState.REFUSED:
            own += people
    known = sum(said.get(name, 0) for name in ("accepted", "already_called", "held"))
    # Whom the base run saw in flight elsewhere is one of ours, if an earlier run of this list has called them since.
    elsewhere = max(0, said.get("in_flight", 0) - max(0, own + freed - known))
    waiting = said.get("deferred", 0) + said.get("not_sent", 0) + elsewhere + freed - taken
    return Counter(waiting=max(0, waiting), duplicates=max(0, known - own - freed))


def _of_first_attempts(said: Counts) -> Counts:
    """Return a run's counts with everybody who was called before the run as already called."""
    counts = Counter(said)
    for name, rows in _with_prefix(said, "again:").items():
        counts[name] -= rows
        if ":" not in name:
            counts["already_called"] += rows
    return counts


def _with_prefix(counts: Counts, prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}
