"""A list under a new name that is a copy of one whose people were called: `customers (1).xlsx`."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import campaigns
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.output.messages import counted

# What programs and people add to the name of a copy, or of this week's export of the same list.
_MARKS = (
    r"\(\d+\)",
    r"(19|20)\d\d[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])",
    r"([0-2]?\d|3[01])[-_. ](0?[1-9]|1[0-2])[-_. ](19|20)\d\d",
    r"(copy|kopie|copie|copia|cópia)( of| von| de)?",
)
_MARK = re.compile(rf"(^|[\s_\-\u2013.,]|(?<=\w)(?=\())({'|'.join(_MARKS)})(?=$|[\s_\-\u2013.,(])")
_BETWEEN = re.compile(r"[\s_\-\u2013.,]+")


@dataclass(frozen=True, slots=True)
class CopiedList:
    """What is known of a list whose people were called in a campaign of nearly the same name.

    Attributes:
        campaign: that campaign.
        called: how many of the first people of the list it has.
        looked_at: how many of them were looked at.
    """

    campaign: str
    called: int
    looked_at: int

    def message(self, name: str) -> str:
        """Return what is to be known, for a person."""
        people = counted(self.looked_at, "person", "people")
        return (
            f"campaign {name!r} is new, and {self.called:,} of the first {people} of this list are in campaign "
            f"{self.campaign!r} already"
        )

    def error(self, name: str) -> UsageError:
        """Return the error that keeps them from being called again without a decision."""
        return UsageError(
            self.message(name),
            hint=f"To call only the other people, add --campaign {quoted(self.campaign)}. To call everybody again, add "
            f"--campaign {quoted(name)}.",
            code="campaign-copy",
        )


def quoted(name: str) -> str:
    """Return a name as it is typed in a shell."""
    return "'" + name.replace("'", "'\\''") + "'"


def copied_list(ledger: Ledger, name: str, api_origin: str, keys: Sequence[str]) -> CopiedList | None:
    """Return the campaign of nearly the same name that has most of these people; None: there is none.

    Args:
        ledger: with the campaigns.
        name: of the new campaign.
        api_origin: of the new campaign; others are for other people.
        keys: of the first people on the list.
    """
    plain = plain_name(name)
    found = [
        CopiedList(each.name, len(ledger.claim_statuses(each.id, keys)), len(keys))
        for each in campaigns(ledger)
        if each.name != name and each.api_origin == api_origin and plain_name(each.name) == plain
    ]
    best = max(found, key=lambda one: one.called, default=None)
    return best if best is not None and best.called * 2 > best.looked_at else None


def plain_name(name: str) -> str:
    """Return a campaign's name without a date and the marks of a copy."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    while (shorter := _MARK.sub(" ", folded)) != folded:
        folded = shorter
    return _BETWEEN.sub(" ", folded).strip() or name
