"""Detect a list whose people were called under nearly the same name, or in another ledger.

A copy of a list has another name, e.g. `customers (1).xlsx`; a campaign may be mistyped, e.g. `Spring` for `spring`;
and a ledger may be new because its path is mistyped.
"""

import contextlib
import os
import shlex
import unicodedata
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import UsageError, XunaError
from xuna_cli.folding import fold
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.ledger.campaigns import campaigns
from xuna_cli.ledger.engines.location import Location
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.output.messages import counted
from xuna_cli.settings import data_folder

# Suffixes that programs and people add to the name of a copy or of a weekly export.
_MARKS = (
    r"\(\d+\)",
    r"(19|20)\d\d[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])([t ][0-2]\d[-_:.h]?[0-5]\d([-_:.]?[0-5]\d)?z?)?",
    r"([0-2]?\d|3[01])[-_. ](0?[1-9]|1[0-2])[-_. ](19|20)\d\d",
    r"(copy|kopie|copie|copia|cópia)( of| von| de|[ _-]?\d{1,2})?",
)
_MARK = lazy_pattern(rf"(^|[\s_\-\u2013.,]|(?<=\w)(?=\())({'|'.join(_MARKS)})(?=$|[\s_\-\u2013.,(])")
_BETWEEN = lazy_pattern(r"[\s_\-\u2013.,]+")
_BETWEEN_DIGITS = lazy_pattern(r"(?<=\d)[\W_]+(?=\d)")


class Named(Enum):
    """How the name of a campaign was chosen."""

    BY_FILE = 0
    BY_OPTION = 1
    BY_RENDER = 2


# Letters of other scripts that look like Latin ones, in the order of the Latin ones.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u03bf\u03b1\u03bd", "aceopxyijsoav"
)


@dataclass(frozen=True, slots=True)
class CopiedList:
    """A list whose people were called in a campaign of nearly the same name, or in another ledger.

    Attributes:
        campaign: the earlier campaign.
        called: how many of the list's first people that campaign has.
        looked_at: how many people were looked up.
        ledger: the other ledger; empty for that of the run.
        named: how the name of the new campaign was chosen.
    """

    campaign: str
    called: int
    looked_at: int
    ledger: str = ""
    named: Named = Named.BY_FILE

    def message(self, name: str) -> str:
        """Return the warning."""
        people = counted(self.looked_at, "person", "people")
        there = f" of the ledger {self.ledger}" if self.ledger else ""
        return (
            f"campaign {name!r} is new, and {self.called:,} of the first {people} of this list "
            f"{'is' if self.called == 1 else 'are'} in campaign {self.campaign!r}{there} already"
        )

    def error(self, name: str) -> UsageError:
        """Return the error that asks for a decision."""
        known, new = f"--campaign {shlex.quote(self.campaign)}", f"--campaign {shlex.quote(name + '-2')}"
        others, everybody = "to call only the other people", "to call everybody again"
        if self.ledger:
            known = f"--ledger {shlex.quote(self.ledger)}"
            hint = f"add {known} {others}, or {new} {everybody}"
        elif self.named is Named.BY_FILE:
            hint = f"add {known} {others}, or --campaign {shlex.quote(name)} {everybody}"
        else:
            hint = f"use {known} {others}, or a name that looks different, e.g. {new}, {everybody}"
        if self.named is Named.BY_RENDER:
            hint = f"render the list again: {hint}"
        return UsageError(self.message(name), hint=hint, code="campaign-copy")


def copied_list(
    ledger: Ledger | None,
    name: str,
    api_origin: str,
    keys: Sequence[str],
    *,
    named: Named,
    others: Sequence[Path] = (),
) -> CopiedList | None:
    """Find the campaign of nearly the same name with mostly the same people; None if there is none.

    A campaign of which only a part was called yet (`--limit`) has mostly the same people if most of that part is here.

    Args:
        ledger: with the campaigns; None if there is none yet.
        name: name of the new campaign. If it was chosen, only a name that looks the same is nearly the same.
        api_origin: API of the new campaign; campaigns of other APIs are ignored.
        keys: keys of the list's first people.
        named: how the name was chosen.
        others: other ledgers that the user may have meant.
    """
    plain = plain_name if named is Named.BY_FILE else look_of

    def found_in(opened: Ledger, where: str) -> Iterator[CopiedList]:
        for each in campaigns(opened):
            is_another = bool(where) or each.name != name
            if is_another and each.api_origin == api_origin and plain(each.name) == plain(name):
                called = len(opened.claim_statuses(each.id, keys))
                if called * 2 > min(len(keys), sum(each.calls.values())):
                    yield CopiedList(each.name, called, len(keys), where, named)

    found = [] if ledger is None else list(found_in(ledger, ""))
    for path in others:
        with (
            contextlib.suppress(XunaError),  # a file that is no ledger, or that a newer xuna wrote
            contextlib.closing(open_ledger(path, create=False, read_only=True)) as other,
        ):
            found += found_in(other, str(path))
    return max(found, key=lambda one: one.called, default=None)


def other_ledgers(location: Location) -> list[Path]:
    """Return the ledger files that somebody may have meant who named a new one: the usual one, and those beside it."""
    usual = data_folder(os.environ) / "ledger.db"
    beside = sorted(location.parent.glob("*.runs")) if isinstance(location, Path) else []
    files = [usual, *(path.with_suffix("") for path in beside)]
    return [path for path in dict.fromkeys(files) if path != location and path.is_file()]


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


def look_of(name: str) -> tuple[str, ...]:
    """Return what a person sees of a name: Latin letters without case, accents, spaces and signs."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_LOOK_ALIKES)
    return tuple(fold(part) or part for part in _BETWEEN_DIGITS.split(folded))


def plain_name(name: str) -> str:
    """Strip a date and copy suffixes from a campaign's name."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    while (shorter := _MARK.sub(" ", folded)) != folded:
        folded = shorter
    return _BETWEEN.sub(" ", folded).strip() or name
