"""Read the outcomes that a run waits for."""

from collections.abc import Callable, Sequence

from xuna_cli.commands.account import opened_api
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.ledger.campaigns import campaign, settle_proven
from xuna_cli.ledger.conversations import Link
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.models import Conversation
from xuna_cli.outcomes.sync import check_origin, sync_conversations


def read_outcomes(
    options: BatchCallOptions,
    ledger: Ledger,
    name: str,
    *,
    on_unmatched: Callable[[Conversation], None] = lambda _: None,
    on_links: Callable[[Sequence[Link]], None] = lambda _: None,
) -> None:
    """Read a campaign's conversation records, and accept held batches that they prove.

    Args:
        options: of the command.
        ledger: the ledger.
        name: the campaign's name.
        on_unmatched: as for `sync_conversations`.
        on_links: as for `sync_conversations`.

    Raises:
        XunaError: as `sync_conversations`; what was read before is stored.
    """
    found = campaign(ledger, name)
    with opened_api(options) as api:
        check_origin(found, api.origin)
        sync_conversations(ledger, found, api.reader, on_unmatched=on_unmatched, on_links=on_links)
    settle_proven(ledger, found.id)
