"""Read the outcomes of a campaign's earlier calls for a run that calls more people of the campaign."""

from collections.abc import Callable, Sequence

from xuna_cli.commands.account import opened_api, origin_to_read
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.opt_outs import harvester_of
from xuna_cli.errors import UsageError, XunaError
from xuna_cli.ledger.campaigns import campaign as campaign_named
from xuna_cli.ledger.campaigns import settle_proven
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import Campaign, ConversationSync
from xuna_cli.outcomes.opt_outs import Harvest, Harvester
from xuna_cli.outcomes.sync import check_origin, sync_conversations
from xuna_cli.output.messages import say
from xuna_cli.output.result import cut_off

OTHER_ROWS = "people who opted out may have other rows on the list"


def read_earlier_outcomes(
    options: BatchCallOptions, ledger: Ledger, name: str, *, quiet: bool = False
) -> Harvest | None:
    """Read a campaign's conversation records, accept held batches that they prove, and add opt-outs.

    Args:
        options: the command's options.
        ledger: the ledger.
        name: the campaign's name.
        quiet: whether it is not said by which rules opt-outs are recognized.

    Returns:
        The opt-outs; None without rules.

    Raises:
        UsageError: opt-outs can't be recognized.
        LedgerError: the ledger can't be read or written, so that opt-outs may be missing on its do-not-call list.
        XunaError: as `sync_conversations`, or the records that may have opt-outs are incomplete. What was read before
            is stored, and its opt-outs are added.
    """
    found = campaign_named(ledger, name)
    harvester = harvester_of(
        options, ledger, found, command=options.COMMAND, given=options.opt_out_when, quiet=quiet
    )
    sync: ConversationSync | None = None
    failure: XunaError | None = None
    try:
        sync = read_records(options, ledger, found, harvester)
        settle_proven(ledger, found.id)
        if needs_all_records(harvester.rules, found):
            failure = next(iter(cut_off(sync.incomplete)), None)
    except XunaError as error:
        failure = error
    harvest = harvester.harvest(sync)  # also after a failure: of the records that are known
    for wrong in opt_out_errors(harvest, sandbox=options.sandbox):
        if harvest is not None and harvest.fields:
            raise wrong
        say(f"xuna: warning: {wrong.message}")
    if failure is not None:
        raise failure
    return harvest


def read_records(
    options: BatchCallOptions,
    ledger: Ledger,
    campaign: Campaign,
    harvester: Harvester,
    *,
    on_progress: Callable[[ConversationSync], None] = lambda _: None,
) -> ConversationSync:
    """Read a campaign's conversation records; opt-outs are added before their outcomes are stored.

    Raises:
        XunaError: as `check_origin`, `opened_api` and `sync_conversations`.
    """
    check_origin(campaign, origin_to_read(options))
    with opened_api(options) as reader:
        return sync_conversations(
            ledger,
            campaign,
            reader,
            harvester,
            on_progress=on_progress,
        )


def needs_all_records(rules: Sequence[object], of: Campaign) -> bool:
    """Return whether a record that was not read may let somebody be called who opted out.

    With `--key`, a person may have several rows. Otherwise nobody is called again before their record was read.
    """
    return bool(rules) and of.key_column is not None


def opt_out_errors(harvest: Harvest | None, *, sandbox: bool) -> list[UsageError]:
    """Return the errors of the rules; conversations in the sandbox lack the fields of the real agent.

    They stop a run if the records have any fields. Records of calls that nobody answered have none.
    """
    errors = () if harvest is None else harvest.errors
    return [one for one in errors if not (sandbox and one.code == "opt-out-field-unknown")]


def unchecked(cause: XunaError, why: str, *, again: bool = False) -> XunaError:
    """Return the error that keeps a run from calling, because of opt-outs that it may not know.

    Args:
        cause: why it may not know them.
        why: whom that concerns.
        again: whether people were called in this run before.
    """
    nobody = "nobody else is called" if again else "nobody was called"
    return type(cause)(f"{nobody}: {why}", hint="fix the problem above first", code="opt-outs-unchecked")
