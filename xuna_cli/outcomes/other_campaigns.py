"""The other campaigns of a ledger, whose opt-outs a run has to know before it calls."""

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import XunaError
from xuna_cli.outcomes.opt_outs import Harvest
from xuna_cli.screening.do_not_call import NumberList


@dataclass(frozen=True, slots=True)
class OtherCampaign:
    """Another campaign whose records a run has read, or tried to read.

    Attributes:
        name: its name.
        harvest: the opt-outs in the records that are known.
        problem: why there may be others; None if there are none.
        people: who may have opted out, then; empty without a problem.
        advice: what to do about the problem, if the error does not say it.
    """

    name: str
    harvest: Harvest | None
    problem: XunaError | None
    people: NumberList
    advice: str
