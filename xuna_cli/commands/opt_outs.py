"""The `--opt-out-when` option, and the message about numbers that it added."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from xuna_cli.commands.option_types import separated

if TYPE_CHECKING:
    from xuna_cli.commands.list_options import ListAndMessageOptions
    from xuna_cli.commands.options import LedgerOptions
    from xuna_cli.ledger.ledger import Ledger
    from xuna_cli.ledger.records import Campaign
    from xuna_cli.outcomes.opt_outs import Harvester, OptOut

MOST_SAID = 100

OptOutWhen = Annotated[
    list[str] | None,
    separated(
        "--opt-out-when",
        metavar="FIELD=VALUE[,…]",
        envvar="XUNA_OPT_OUT_WHEN",
        help="Put people on the do-not-call list if their conversation has this value in a collected field"
        " or criterion. Unclear values count as well. Repeatable. The campaign keeps it for later commands; `none` "
        "ends that.",
    ),
]


def say_added(added: "Sequence[OptOut]") -> None:
    """Print which numbers were added to the do-not-call list."""
    from xuna_cli.output.messages import say

    numbers = ", ".join(one.to_phone_number for one in added[:MOST_SAID])
    more = f" and {len(added) - MOST_SAID:,} more" if len(added) > MOST_SAID else ""
    say(f"Put on the do-not-call list because of their conversations: {numbers}{more}")


def harvester_of(
    options: "LedgerOptions | ListAndMessageOptions",
    ledger: "Ledger",
    campaign: "Campaign",
    *,
    command: str,
    given: Sequence[str] | None,
    quiet: bool = False,
) -> "Harvester":
    """Return what adds a campaign's opt-outs, by the given rules, or else by those that the campaign keeps.

    Args:
        options: the command's options.
        ledger: the ledger.
        campaign: the campaign.
        command: name of the command, for the list's history.
        given: the values of `--opt-out-when` for this campaign; None if there are none.
        quiet: whether it is not said that the campaign's rules are used.

    Raises:
        UsageError: a rule is invalid.
    """
    from functools import partial

    from xuna_cli.commands.context import which_ledger
    from xuna_cli.outcomes.opt_outs import Harvester, parse_rules
    from xuna_cli.output.messages import say

    rules = parse_rules(campaign.opt_out_when if given is None else given)
    if rules and given is None and not quiet:
        kept = ", ".join(map(str, rules))
        say(
            f"xuna: Opt-outs are recognized by {kept}, the last --opt-out-when of campaign {campaign.name!r}."
        )
    return Harvester(
        ledger,
        campaign,
        rules,
        command=command,
        on_added=say_added,
        keeps=given is not None,
        on_dropped=partial(say_dropped, campaign.name),
        where=which_ledger(options),
    )


def say_dropped(campaign: str, rules: Sequence[str]) -> None:
    """Print which rules a campaign no longer has."""
    from xuna_cli.output.messages import say

    say(f"xuna: Opt-outs of campaign {campaign!r} are no longer recognized by {', '.join(rules)}.")
