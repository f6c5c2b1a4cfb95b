"""The `--opt-out-when` option, and the message about numbers that it added."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from xuna_cli.commands.option_types import separated

if TYPE_CHECKING:
    from xuna_cli.outcomes.opt_outs import OptOut

MOST_SAID = 100

OptOutWhen = Annotated[
    list[str] | None,
    separated(
        "--opt-out-when",
        metavar="FIELD=VALUE[,…]",
        envvar="XUNA_OPT_OUT_WHEN",
        help="Put people on the do-not-call list if their conversation has this value in a collected field"
        " or criterion. Unclear values count as well. Repeatable.",
    ),
]


def say_added(added: "Sequence[OptOut]") -> None:
    """Print which numbers were added to the do-not-call list."""
    from xuna_cli.output.messages import say

    numbers = ", ".join(one.to_phone_number for one in added[:MOST_SAID])
    more = f" and {len(added) - MOST_SAID:,} more" if len(added) > MOST_SAID else ""
    say(f"Put on the do-not-call list because of their conversations: {numbers}{more}")
