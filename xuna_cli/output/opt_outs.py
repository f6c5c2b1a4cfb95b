"""Opt-outs from conversations, as lines and JSON."""

from collections.abc import Iterator, Mapping, Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import XunaError
from xuna_cli.outcomes.opt_outs import Harvest
from xuna_cli.output.messages import counted, error_text
from xuna_cli.output.result import Result


def harvest_document(harvest: Harvest | None) -> Mapping[str, object] | None:
    """Return the JSON object of opt-outs; None if not requested."""
    if harvest is None:
        return None
    return {
        "rules": [str(rule) for rule in harvest.rules],
        "found": harvest.found,
        "added": len(harvest.added),
        "numbers": [
            {"to_phone_number": one.to_phone_number, "conversation_id": one.conversation_id}
            for one in harvest.added
        ],
        "without_number": list(harvest.without_number),
    }


def harvest_line(harvest: Harvest) -> str:
    """Describe how many people opted out, and how many of them are new on the list."""
    rules = ", ".join(map(str, harvest.rules))
    numbers = counted(harvest.found, "number", "numbers")
    return f"Opt-outs ({rules}): {numbers}, {len(harvest.added):,} new on the do-not-call list"


def harvest_errors(harvest: Harvest) -> Sequence[XunaError]:
    """Return the errors of the rules, and that of opt-outs whose person is unknown."""
    unknown = harvest.unknown_person
    return [*harvest.errors, *(() if unknown is None else (unknown,))]


def harvest_remarks(harvest: Harvest) -> Iterator[str]:
    """Yield notes and errors besides the counts."""
    yield from harvest_notes(harvest)
    yield from map(error_text, harvest_errors(harvest))


def harvest_notes(harvest: Harvest) -> Iterator[str]:
    """Yield notes besides the counts."""
    if not harvest.finished:
        yield "xuna: warning: no finished record was read yet, so --opt-out-when could not be checked"


@dataclass(frozen=True, slots=True)
class OptOutsHarvested(Result):
    """The result of `xuna do-not-call harvest`.

    Attributes:
        campaign: the campaign's name.
        harvest: the opt-outs; None if the campaign's rules were ended.
        in_progress: note about runs in progress, or "".
    """

    campaign: str
    harvest: Harvest | None
    in_progress: str

    @property
    def errors(self) -> Sequence[XunaError]:
        """Errors in the rules."""
        return () if self.harvest is None else self.harvest.errors

    @property
    def partial(self) -> bool:
        """True: the opt-outs of the other rules are on the list."""
        return True

    def document(self) -> Mapping[str, object]:
        """Return the opt-outs."""
        return {"campaign": self.campaign, "opt_outs": harvest_document(self.harvest)}

    def parts(self) -> Iterator[str]:
        """Yield the counts."""
        yield f"Campaign {self.campaign}"
        yield "It has no opt-out rules now." if self.harvest is None else harvest_line(self.harvest)

    def remarks(self) -> Iterator[str]:
        """Yield notes, and what runs in progress may still do."""
        if self.harvest is not None:
            yield from harvest_remarks(self.harvest)
        if self.in_progress:
            yield self.in_progress
