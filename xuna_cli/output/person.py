"""What the ledger knows about a person, as tables and JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from xuna_cli.dataclass import dataclass
from xuna_cli.outcomes.person import Person, PersonCall, PersonNotCalled
from xuna_cli.output.do_not_call import NumberHistory
from xuna_cli.output.messages import counted
from xuna_cli.output.result import Result, Table
from xuna_cli.phone.places import zones_of_number
from xuna_cli.times import for_people

ZONES_NAMED = 2


@dataclass(frozen=True, slots=True)
class PersonShown(Result):
    """What the ledger knows about a person.

    Attributes:
        numbers: the requested numbers.
        person: the calls, the rows that were not called, and the do-not-call list.
        ledger: location of the ledger, which knows no other calls.
        sandbox: whether the calls were simulated.
    """

    numbers: Sequence[str]
    person: Person
    ledger: str
    sandbox: bool = False

    def document(self) -> Mapping[str, object]:
        """Return everything, with the times of the calls also in the person's time zones."""
        return {
            "numbers": list(self.numbers),
            "ledger": self.ledger,
            "calls": [_call(one) for one in self.person.calls],
            "not_called": [_not_called(one) for one in self.person.not_called],
            "do_not_call": [asdict(one) for one in self.person.do_not_call],
            "forgotten_campaigns": self.person.forgotten,
        }

    def parts(self) -> Iterator[Table | str]:
        """Yield a table for each call, one of the rows that were not called, and the do-not-call list."""
        known, names = self.person, ", ".join(self.numbers)
        yield f"{counted(len(known.calls), 'call', 'calls')} to {names} in the ledger {self.ledger}"
        for one in known.calls:
            at = for_people(one.called_at) if one.called_at else "not sent yet"
            yield Table((f"Campaign {one.campaign}", f"Call {one.call.attempt}: {at}"), _facts(one))
        if known.not_called:
            yield ""
            yield f"Not called: {counted(len(known.not_called), 'row', 'rows')}"
            yield Table(
                ("Campaign", "Rule", "List and row", "From", "To"),
                map(_row, known.not_called),
                whole=("List and row",),
            )
        yield ""
        yield "Do-not-call list:"
        yield from NumberHistory(known.do_not_call, self.numbers).parts()
        if spoken := [one.call.outcome.conversation_id for one in known.calls if one.call.outcome]:
            yield ""
            yield f"To read what was said: xuna conversations show {spoken[-1]}{' --sandbox' if self.sandbox else ''}"
        if known.forgotten:
            yield ""
            campaigns = counted(known.forgotten, "campaign was", "campaigns were")
            yield f"{campaigns} forgotten: who was called in them is unknown."


def _row(one: PersonNotCalled) -> tuple[str, ...]:
    return (
        one.campaign,
        one.row.rule,
        f"{one.row.source}, row {one.row.row_number}",
        for_people(one.first_at),
        for_people(one.last_at),
    )


def _facts(one: PersonCall) -> Iterator[tuple[str, object]]:
    call, run = one.call, one.run
    if one.called_at:
        yield "local time", _local_words(call.to_phone_number, one.called_at)
    yield "number", call.to_phone_number
    yield "state", call.batch.state.value
    yield "outcome", one.outcome.value
    if call.outcome and call.outcome.conversation_id:
        yield "conversation", call.outcome.conversation_id
    yield "list", f"{run.source}, row {call.row_number}"
    yield "template", run.template or "none: the message was in the list, or was the agent's own"
    yield "agent", run.agent_id
    yield "caller number", run.from_phone_number_id
    yield "run", f"{run.id}, {run.user_name or '-'}@{run.host}"
    if run.signed_by is not None:
        yield "signed by", run.signed_by


def _local_words(number: str, at: str) -> str:
    """Describe a time in the time zones in which a number may be."""
    times = _local_times(number, at)
    clocks = sorted({local.replace(tzinfo=None) for local in times.values()})
    if not clocks:
        return "unknown: the number doesn't reveal its time zone"
    shown = " or ".join(f"{clock:%a %d %b %Y %H:%M}" for clock in clocks[:ZONES_NAMED])
    if len(clocks) > ZONES_NAMED:
        return f"between {clocks[0]:%a %d %b %Y %H:%M} and {clocks[-1]:%a %d %b %Y %H:%M}, in {len(times)} time zones"
    names = ", ".join(list(times)[:ZONES_NAMED])
    more = f" and {len(times) - ZONES_NAMED} more" if len(times) > ZONES_NAMED else ""
    return f"{shown}, in {names}{more}"


def _local_times(number: str, at: str) -> dict[str, datetime]:
    moment = datetime.fromisoformat(at)
    return {zone: moment.astimezone(ZoneInfo(zone)) for zone in zones_of_number(number)}


def _call(one: PersonCall) -> dict[str, object]:
    call, run = one.call, one.run
    local = _local_times(call.to_phone_number, one.called_at) if one.called_at else {}
    return {
        "campaign": one.campaign,
        "to_phone_number": call.to_phone_number,
        "key": call.key,
        "attempt": call.attempt,
        "called_at": one.called_at,
        "local_times": [
            {"time_zone": zone, "at": time.isoformat(timespec="seconds")} for zone, time in local.items()
        ],
        "state": call.batch.state.value,
        "batch_id": call.batch.batch_id,
        "outcome": one.outcome.value,
        "conversation_id": call.outcome.conversation_id if call.outcome else None,
        "list": run.source,
        "list_sha256": run.list_sha256,
        "row": call.row_number,
        "template": run.template,
        "agent_id": run.agent_id,
        "from_phone_number_id": run.from_phone_number_id,
        "run_id": str(run.id),
        "user": run.user_name,
        "host": run.host,
        "signed_by": run.signed_by,
    }


def _not_called(one: PersonNotCalled) -> dict[str, object]:
    return {
        "campaign": one.campaign,
        "rule": one.row.rule,
        "to_phone_number": one.row.to_phone_number,
        "list": one.row.source,
        "list_sha256": one.row.list_sha256,
        "row": one.row.row_number,
        "first_at": one.first_at,
        "last_at": one.last_at,
    }
