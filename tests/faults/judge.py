"""The judge: whom the server dialled, against what the ledger and the results say, person by person."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

HELD = {"unknown", "short"}
PLACED = HELD | {"accepted"}


@dataclass(frozen=True)
class Verdict:
    """What came of a list.

    Attributes:
        people: on the list, each once, fit to be called.
        dialled: of them, by the server's own record.
        doubled: dialled more than once. The sin.
        exposed: dialled, and free to be claimed again: doubled by the next run.
        lost: neither dialled nor held nor rejected, though a last run had nothing in its way.
        invented: accepted by the ledger, and never dialled.
        strangers: dialled without being on the list.
        held: unknown or short in the ledger.
        rejected: by the API, in the last run.
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
        """What must not be, where it is."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, tuple) and value}


def judge(
    listed: Sequence[str],
    recorded: Sequence[Mapping[str, object]],
    exported: Iterable[Mapping[str, object]],
    results: Iterable[Mapping[str, object]] = (),
    *,
    rows: int | None = None,
    finished: bool,
) -> Verdict:
    """Compare.

    Args:
        listed: the numbers on the list that can be called, each a person, in rows 2, 3, … of it.
        recorded: the server's record: a mapping for each call that it took.
        exported: `campaigns export --output json`.
        results: the documents of the runs that lived to print one.
        rows: rows of the list, the bad ones and the duplicates too.
        finished: whether a last run had no fault in its way: then nobody may be left.
    """
    people = set(listed)
    dialled = Counter(str(call["to_phone_number"]) for call in recorded)
    states = {str(row["to_phone_number"]): str(row["state"]) for row in exported}
    results = list(results)
    in_batch = Counter(str(call["batch_id"]) for call in recorded)
    rejected = {rejection["row"] for rejection in results[-1]["rejections"]} if results else set()
    refused = {number for row, number in enumerate(listed, 2) if row in rejected}
    return Verdict(
        people=len(people),
        dialled=sum(number in people for number in dialled),
        doubled=tuple(sorted(number for number, times in dialled.items() if times > 1)),
        exposed=tuple(
            sorted(number for number in dialled if states.get(number, "free") not in {*PLACED, "submitting"})
        ),
        lost=tuple(sorted(people - dialled.keys() - _held(states) - refused)) if finished else (),
        invented=tuple(
            sorted(
                number for number, state in states.items() if state == "accepted" and number not in dialled
            )
        ),
        strangers=tuple(sorted((dialled.keys() | states.keys()) - people)),
        held=len(_held(states)),
        rejected=len(refused),
        miscounted=tuple(problem for result in results for problem in _miscounts(result, in_batch, rows)),
    )


def _held(states: Mapping[str, str]) -> set[str]:
    return {number for number, state in states.items() if state in HELD}


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
