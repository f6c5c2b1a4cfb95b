"""People recently called in other campaigns, for terminals and JSON."""

from itertools import islice
from typing import Any

from xuna_cli.ledger.last_calls import RecentlyCalled
from xuna_cli.output.messages import counted

SHOWN = 6  # campaigns shown


def recently_line(recently: RecentlyCalled, *, done: bool) -> str:
    """Describe the people recently called in other campaigns.

    Args:
        recently: the counts; at least one person.
        done: whether these people were called again, or only would be.
    """
    shown = [f"{people:,} in {name!r}" for name, people in islice(recently.campaigns.items(), SHOWN)]
    if len(recently.campaigns) > SHOWN:
        shown.append("others")
    people = counted(recently.people, "person", "people")
    verb = "was" if recently.people == 1 else "were"
    whom = f"{people} called now {verb}" if done else f"{people} {verb}"
    return (
        f"{whom} already called in other campaigns in the last {recently.days} days: {', '.join(shown)}. "
        f"To skip people who were called recently, add --quiet-days {recently.days}"
    )


def recently_document(recently: RecentlyCalled) -> dict[str, Any]:
    """Return the counts as a JSON object."""
    return {
        "days": recently.days,
        "people": recently.people,
        "campaigns": [{"campaign": name, "people": people} for name, people in recently.campaigns.items()],
    }
