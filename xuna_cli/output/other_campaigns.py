"""The other campaigns whose records a run has read, as JSON and lines."""

from collections.abc import Iterator, Mapping, Sequence

from xuna_cli.dialing.report import Report
from xuna_cli.outcomes.other_campaigns import OtherCampaign
from xuna_cli.output.messages import counted
from xuna_cli.output.opt_outs import harvest_document
from xuna_cli.screening.rules import OPT_OUTS_UNKNOWN


def other_campaign_document(one: OtherCampaign) -> Mapping[str, object]:
    """Return a campaign as a JSON object."""
    problem = one.problem
    return {
        "campaign": one.name,
        "opt_outs": harvest_document(one.harvest),
        "unknown": None
        if problem is None
        else {"code": problem.code, "message": problem.message, "people": len(one.people.numbers)},
    }


def not_called_lines(others: Sequence[OtherCampaign], report: Report) -> Iterator[str]:
    """Yield a warning if people were not called because they may have opted out in another campaign."""
    people = report.reasons.get(OPT_OUTS_UNKNOWN, 0)
    if not people:
        return
    yield (
        f"xuna: warning: {counted(people, 'person was', 'people were')} not called, because they may have opted out in "
        "a conversation"
    )
    for one in others:
        if one.problem is not None and one.advice and len(one.people.numbers):
            yield f"  campaign {one.name!r}: {one.problem.message}"
            yield f"  {one.advice}"


def unknown_lines(others: Sequence[OtherCampaign], report: Report) -> Iterator[str]:
    """Yield the campaigns whose opt-outs are not known, if that keeps nobody on the list from being called."""
    if report.reasons.get(OPT_OUTS_UNKNOWN, 0):
        return
    for one in others:
        if one.problem is not None and one.advice:
            yield (
                f"The opt-outs of campaign {one.name!r} are not known ({one.problem.message}). They concern nobody who "
                "is called now."
            )
            yield f"  {one.advice}"
