"""Detect a copy of a list whose people were called under another name, e.g. `customers (1).xlsx`."""

import shlex
import unicodedata
from collections.abc import Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import UsageError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.ledger.campaigns import campaigns
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.output.messages import counted

# Suffixes that programs and people add to the name of a copy or of a weekly export.
_MARKS = (
    r"\(\d+\)",
    r"(19|20)\d\d[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])([t ][0-2]\d[-_:.h]?[0-5]\d([-_:.]?[0-5]\d)?z?)?",
    r"([0-2]?\d|3[01])[-_. ](0?[1-9]|1[0-2])[-_. ](19|20)\d\d",
    r"(copy|kopie|copie|copia|cópia)( of| von| de|[ _-]?\d{1,2})?",
)
_MARK = lazy_pattern(rf"(^|[\s_\-\u2013.,]|(?<=\w)(?=\())({'|'.join(_MARKS)})(?=$|[\s_\-\u2013.,(])")
_BETWEEN = lazy_pattern(r"[\s_\-\u2013.,]+")


@dataclass(frozen=True, slots=True)
class CopiedList:
    """A list whose people were called in a campaign of nearly the same name.

    Attributes:
        campaign: the earlier campaign.
        called: how many of the list's first people that campaign has.
        looked_at: how many people were looked up.
    """

    campaign: str
    called: int
    looked_at: int

    def message(self, name: str) -> str:
        """Return the warning."""
        people = counted(self.looked_at, "person", "people")
        return (
            f"campaign {name!r} is new, and {self.called:,} of the first {people} of this list are in campaign "
            f"{self.campaign!r} already"
        )

    def error(self, name: str) -> UsageError:
        """Return the error that asks for a decision."""
        return UsageError(
            self.message(name),
            hint=f"add --campaign {shlex.quote(self.campaign)} to call only the other people, or --campaign "
            f"{shlex.quote(name)} to call everybody again",
            code="campaign-copy",
        )


def copied_list(ledger: Ledger, name: str, api_origin: str, keys: Sequence[str]) -> CopiedList | None:
    """Find the campaign of nearly the same name with mostly the same people; None if there is none.

    A campaign of which only a part was called yet (`--limit`) has mostly the same people if most of that part is here.

    Args:
        ledger: with the campaigns.
        name: name of the new campaign.
        api_origin: API of the new campaign; campaigns of other APIs are ignored.
        keys: keys of the list's first people.
    """
    plain = plain_name(name)
    found = []
    for each in campaigns(ledger):
        if each.name != name and each.api_origin == api_origin and plain_name(each.name) == plain:
            called = len(ledger.claim_statuses(each.id, keys))
            if called * 2 > min(len(keys), sum(each.calls.values())):
                found.append(CopiedList(each.name, called, len(keys)))
    return max(found, key=lambda one: one.called, default=None)


def how_to_call_again(campaign: str, *, rendered: bool, has_key: bool) -> str:
    """Say how to call everybody on a list again on purpose.

    Args:
        campaign: the campaign in which all of them were called.
        rendered: whether `xuna render` made the list, and so chose its campaign.
        has_key: whether the campaign has a `--key`.
    """
    if rendered:
        return "render the list again with another --campaign"
    again = f"add --campaign {shlex.quote(campaign + '-2')}"
    each_value = (
        ". To call once for each value of a column, e.g. of a date, also add --key and the column's name"
    )
    return again if has_key else again + each_value


def plain_name(name: str) -> str:
    """Strip a date and copy suffixes from a campaign's name."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    while (shorter := _MARK.sub(" ", folded)) != folded:
        folded = shorter
    return _BETWEEN.sub(" ", folded).strip() or name
