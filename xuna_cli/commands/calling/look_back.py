"""Look back before a run calls, and again after it has waited: who has opted out meanwhile is not called."""

import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TYPE_CHECKING

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.calling.prepared_list import PreparedList
from xuna_cli.commands.prompts import is_terminal
from xuna_cli.dialing.report import Report
from xuna_cli.errors import LedgerError, UnknownPersonError, UsageError, XunaError
from xuna_cli.ledger.campaigns import campaign, has_calls
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.opt_out_rules import campaigns_to_ask
from xuna_cli.output.messages import say
from xuna_cli.screening.do_not_call import NumberList, Numbers, OptOutsUnknown

if TYPE_CHECKING:
    from xuna_cli.outcomes.other_campaigns import OtherCampaign

LOOK_BACK_AFTER_S = 900.0
"""A run that waits finds new opt-outs before it calls on, but not more often than this."""


class LookBack:
    """Finds who has opted out in a run's campaign and in others.

    Args:
        options: of batch-call or run.
        prepared: the list; its rules keep back whoever may have opted out.

    Attributes:
        outcomes_are_read: whether the conversation records were read right before.
        may_have_opted_out: numbers of people of the campaign, of whom somebody has opted out.
        other_campaigns: the other campaigns that were asked.
    """

    def __init__(self, options: BatchCallOptions, prepared: PreparedList) -> None:
        self._options = options
        self._prepared = prepared
        self.outcomes_are_read = False
        self.may_have_opted_out: AbstractSet[str] = frozenset()
        self.other_campaigns: Sequence[OtherCampaign] = ()
        self._doubtful: list[NumberList] = []
        self._looked_back_at = 0.0
        self._unknown_people: list[UnknownPersonError] = []

    def before_calls(self, ledger: Ledger, campaign_id: int | None) -> None:
        """Find opt-outs before anybody is called.

        Args:
            ledger: the ledger.
            campaign_id: the campaign; None if it is new.

        Raises:
            XunaError: somebody who opted out could be called.
        """
        self._ask_this_campaign(ledger, campaign_id)
        self._ask_other_campaigns(ledger, campaign_id)

    def read_outcomes(self, ledger: Ledger, *, quiet: bool = True) -> None:
        """Read what came of the campaign's calls, and add opt-outs; raises as `read_earlier_outcomes`."""
        from xuna_cli.commands.calling.outcomes_of_run import read_earlier_outcomes

        harvest = read_earlier_outcomes(self._options, ledger, self._prepared.campaign, quiet=quiet)
        if harvest is not None:
            self.may_have_opted_out = harvest.may_be
            self._unknown_people += filter(None, [harvest.unknown_person])

    def after_a_wait(self, ledger: Ledger, campaign_id: int) -> None:
        """Find opt-outs that came while the run waited; raises as `before_calls`."""
        if self._prepared.clock.monotonic() - self._looked_back_at >= LOOK_BACK_AFTER_S:
            self.outcomes_are_read = False
            self._ask_this_campaign(ledger, campaign_id, again=True)
            self._ask_other_campaigns(ledger, campaign_id, again=True)

    def _ask_this_campaign(self, ledger: Ledger, campaign_id: int | None, *, again: bool = False) -> None:
        """Read the outcomes of earlier calls, if brakes or opt-outs depend on them.

        Args:
            ledger: the ledger.
            campaign_id: the campaign; None if it is new.
            again: whether people were called in this run before.

        Raises:
            XunaError: somebody who opted out could be called.
        """
        if self.outcomes_are_read or not has_calls(ledger, campaign_id):
            return
        found, given = campaign(ledger, self._prepared.campaign), self._options.opt_out_when
        if not (given or found.opt_out_when or self._prepared.brakes is not None):
            return
        from xuna_cli.commands.calling.outcomes_of_run import OTHER_ROWS, needs_all_records, unchecked

        rules = (found.opt_out_when if given is None else kept_rules(self._options)) or ()
        try:
            self.read_outcomes(ledger, quiet=again or self._options.quiet)
        except XunaError as error:
            if rules and isinstance(error, UsageError | LedgerError):
                raise
            say(f"xuna: warning: the outcomes could not be read: {error.message}")
            if needs_all_records(rules, found):
                raise unchecked(error, OTHER_ROWS, again=again) from None

    def with_unknown_people(self, report: Report) -> Report:
        """Return a report with the errors about people who opted out and are not known."""
        errors = {(error.code, error.message): error for error in (*report.errors, *self._unknown_people)}
        return replace(report, errors=tuple(errors.values()))

    def _ask_other_campaigns(self, ledger: Ledger, campaign_id: int | None, *, again: bool = False) -> None:
        """Read the records of other campaigns that may have new opt-outs; who may have opted out is not called.

        Args:
            ledger: the ledger.
            campaign_id: the campaign of this run; None if it is new.
            again: whether people were called in this run before.

        Raises:
            LedgerError: the ledger can't be read or written.
        """
        doubtful = []
        if self.may_have_opted_out:
            doubtful.append(NumberList(self._prepared.campaign, Numbers(self.may_have_opted_out)))
        if ids := campaigns_to_ask(ledger, other_than=campaign_id):
            from xuna_cli.commands.calling.other_campaigns import read_other_campaigns

            watched = is_terminal(sys.stderr) and not (again or self._options.quiet)
            self.other_campaigns = read_other_campaigns(self._options, ledger, ids, watched=watched)
            for one in self.other_campaigns:
                doubtful += [one.people] if len(one.people.numbers) else []
                self._unknown_people += [one.problem] if isinstance(one.problem, UnknownPersonError) else []
        self._doubtful[:] = doubtful  # the rule of a run that waits has this list
        if not again and (doubtful or self._options.wait):
            rules = self._prepared.screening
            self._prepared.screening = replace(rules, opt_outs_unknown=OptOutsUnknown(self._doubtful))
        self._looked_back_at = self._prepared.clock.monotonic()


def kept_rules(options: BatchCallOptions) -> tuple[str, ...] | None:
    """Return the opt-out rules for the campaign to keep; None if none were given.

    Raises:
        UsageError: a rule is invalid.
    """
    if options.opt_out_when is None:
        return None
    from xuna_cli.outcomes.opt_outs import parse_rules

    return tuple(map(str, parse_rules(options.opt_out_when)))
