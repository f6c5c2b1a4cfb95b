"""The judge: compares, person by person, whom the server called with the ledger and the results."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

HELD = {"unknown", "short"}
PLACED = HELD | {"accepted"}


@dataclass(frozen=True)
class Verdict:
    """The outcome of a list.

    Attributes:
        people: people on the list who can be called, each once.
        dialled: people who were called, by the server's record.
        doubled: people who were called more often than allowed. The worst error.
        exposed: people who were called more often than the ledger has calls, so a later run would call them again.
        lost: people who were neither called nor held nor rejected, although a last run had no faults.
        invented: people whom the ledger says were accepted more often than they were called.
        strangers: called numbers that are not on the list.
        held: unknown or short in the ledger.
        rejected: rejected by the API in the last run.
        miscounted: results whose counts contradict the list, the batches or the server.
    """

    people: int
    dialled: int
    doubled: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    held: int = 0
    rejected: int = 0
    miscounted: tuple[str, ...] = ()

    @property
    def guilty(self) -> dict[str, tuple[str, ...]]:
        """All violations by kind."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, tuple) and value}


def judge(
    listed: Sequence[str],
    recorded: Sequence[Mapping[str, object]],
    exported: Iterable[Mapping[str, object]],
    results: Iterable[Mapping[str, object]] = (),
    *,
    rows: int | None = None,
    finished: bool,
    most: int = 1,
) -> Verdict:
    """Compare a list, the server's record, the ledger and the results.

    Args:
        listed: callable numbers on the list, one per person, in rows 2, 3, … of it.
        recorded: the server's record: a mapping for each accepted call.
        exported: output of `campaigns export --output json`.
        results: documents of the runs that printed one.
        rows: number of rows of the list, including bad ones and duplicates.
        finished: whether a last run had no faults; then nobody may be left.
        most: maximum number of calls of each person.
    """
    people = set(listed)
    dialled = Counter(str(call["to_phone_number"]) for call in recorded)
    states: dict[str, list[str]] = defaultdict(list)  # of each attempt, in order
    for row in exported:
        states[str(row["to_phone_number"])].append(str(row["state"]))
    results = list(results)
    in_batch = Counter(str(call["batch_id"]) for call in recorded)
    rejected = {rejection["row"] for rejection in results[-1]["rejections"]} if results else set()
    refused = {number for row, number in enumerate(listed, 2) if row in rejected}
    return Verdict(
        people=len(people),
        dialled=sum(number in people for number in dialled),
        doubled=tuple(sorted(number for number, times in dialled.items() if times > most)),
        exposed=tuple(
            sorted(
                number
                for number, times in dialled.items()
                if times > sum(state in {*PLACED, "submitting"} for state in states.get(number, ()))
            )
        ),
        lost=tuple(sorted(people - dialled.keys() - _held(states) - refused)) if finished else (),
        invented=tuple(
            sorted(number for number, every in states.items() if every.count("accepted") > dialled[number])
        ),
        strangers=tuple(sorted((dialled.keys() | states.keys()) - people)),
        held=len(_held(states)),
        rejected=len(refused),
        miscounted=tuple(problem for result in results for problem in _miscounts(result, in_batch, rows)),
    )


def _held(states: Mapping[str, Sequence[str]]) -> set[str]:
    return {number for number, every in states.items() if HELD.intersection(every)}


def _miscounts(result: Mapping[str, object], in_batch: Mapping[str, int], rows: int | None) -> Iterable[str]:
    where = f"run {result['run_id']}"
    counts = dict(result["counts"])
    counted = counts.pop("rows")
    if counted != sum(counts.values()):
        yield f"{where}: {counted} rows are not the sum of {counts}"
    if rows is not None and (counted > rows or (result["list_complete"] and counted != rows)):
        yield f"{where}: {counted} rows counted of {rows}, complete: {result['list_complete']}"
    by_state = Counter()
    for batch in result["batches"]:
        by_state[batch["state"]] += batch["calls"]
        if batch["state"] in {"accepted", "short"}:
            if in_batch[batch["batch_id"]] != batch["calls_initiated"]:
                yield f"{where}: {batch} and the server took {in_batch[batch['batch_id']]}"
            if (batch["state"] == "accepted") != (batch["calls"] == batch["calls_initiated"]):
                yield f"{where}: {batch} is not what its count says"
    if by_state["accepted"] != counts["accepted"]:
        yield f"{where}: accepted {counts['accepted']}, and its batches have {by_state['accepted']}"
    if counts["held"] < by_state["unknown"] + by_state["short"]:
        yield f"{where}: held {counts['held']}, and its batches have {by_state}"
