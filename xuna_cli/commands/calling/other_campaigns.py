"""Read the records of a ledger's other campaigns, so that nobody is called who opted out in one of them."""

import contextlib
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from xuna_cli.api.retry import Reader
from xuna_cli.commands.account import SANDBOX_ORIGIN, opened_api, origin_to_read
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.calling.outcomes_of_run import opt_out_errors
from xuna_cli.commands.context import address_in
from xuna_cli.commands.opt_outs import harvester_of
from xuna_cli.errors import LedgerError, UnreachableError, XunaError
from xuna_cli.ledger.campaigns import campaigns
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.opt_out_rules import numbers_in_doubt
from xuna_cli.ledger.records import Campaign, ConversationSync
from xuna_cli.outcomes.opt_outs import Harvester
from xuna_cli.outcomes.other_campaigns import OtherCampaign
from xuna_cli.outcomes.sync import check_origin, sync_conversations
from xuna_cli.output.progress import ProgressLine
from xuna_cli.output.result import cut_off
from xuna_cli.screening.do_not_call import NumberList, Numbers


def read_other_campaigns(
    options: BatchCallOptions, ledger: Ledger, ids: AbstractSet[int], *, watched: bool
) -> list[OtherCampaign]:
    """Read the records of other campaigns, and add opt-outs by the rules that these campaigns keep.

    Args:
        options: the command's options.
        ledger: the ledger.
        ids: the other campaigns.
        watched: whether progress is shown.

    Raises:
        LedgerError: the ledger can't be read or written.
    """
    with contextlib.ExitStack() as stack, ProgressLine(watched=watched) as line:
        readings = _Readings(options, ledger, stack)
        others = []
        for one in campaigns(ledger):
            if one.id in ids:
                line.show_text(f"reading the records of campaign {one.name}")
                others.append(readings.read(one))
        return others


class _Readings:
    """Reads campaigns one after the other. If the API can't be reached for one, it is not asked for the next ones."""

    def __init__(self, options: BatchCallOptions, ledger: Ledger, stack: contextlib.ExitStack) -> None:
        self._options = options
        self._ledger = ledger
        self._stack = stack
        self._reader: Reader | None = None
        self._unreachable: UnreachableError | None = None

    def read(self, campaign: Campaign) -> OtherCampaign:
        """Read the records of a campaign, and add its opt-outs."""
        options = self._options
        harvester = harvester_of(
            options, self._ledger, campaign, command=options.COMMAND, given=None, quiet=True
        )
        sync: ConversationSync | None = None
        problem: XunaError | None = None
        try:
            sync = self._sync(campaign, harvester)
            problem = next(iter(cut_off(sync.incomplete)), None)
        except LedgerError:
            raise
        except XunaError as error:
            problem = error
        harvest = harvester.harvest(sync)  # also after a failure: of the records that are known
        wrong = opt_out_errors(harvest, sandbox=options.sandbox) if harvest and harvest.is_wrong else []
        problem = wrong[0] if wrong else problem
        command = f"xuna campaigns outcomes {self._address(campaign)}"
        doubtful: Iterable[str] = ()
        advice = ""
        if wrong:  # nobody is known to have opted out, also where the record was read
            doubtful = numbers_in_doubt(self._ledger, campaign, also_read=True)
            advice = f"to give it the right rules: {command} --opt-out-when FIELD=VALUE"
        elif problem is not None:
            doubtful = numbers_in_doubt(self._ledger, campaign)
            advice = f"to read its records: {command}"
        if harvest is not None and harvest.unknown_person is not None:
            doubtful = {*doubtful, *harvest.may_be}
            problem, advice = harvest.unknown_person, ""
        return OtherCampaign(
            campaign.name, harvest, problem, NumberList(campaign.name, Numbers(doubtful)), advice
        )

    def _address(self, campaign: Campaign) -> str:
        where = address_in(self._options, campaign.name)
        is_elsewhere = campaign.api_origin not in {origin_to_read(self._options), SANDBOX_ORIGIN}
        return f"{where} --base-url {campaign.api_origin}" if is_elsewhere else where

    def _sync(self, campaign: Campaign, harvester: Harvester) -> ConversationSync:
        check_origin(campaign, origin_to_read(self._options))
        if self._unreachable is not None:
            raise self._unreachable
        if self._reader is None:
            self._reader = self._stack.enter_context(opened_api(self._options))
        try:
            return sync_conversations(
                self._ledger,
                campaign,
                self._reader,
                harvester,
                of_this_account=False,
            )
        except UnreachableError as error:
            self._unreachable = error
            raise
