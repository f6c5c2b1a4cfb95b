"""Lists that are a JSON object: what it has beside the contacts, such as the agent of an API request."""

import shlex
from collections.abc import Mapping

from xuna_cli.errors import InputError, UsageError
from xuna_cli.folding import fold
from xuna_cli.json_path import values_within
from xuna_cli.screening.mark_names import Says, is_clear_no, says

_OPTIONS = {
    "--agent-id": ("agent_id", "override_agent_id"),
    "--from-phone-number-id": ("from_phone_number_id", "agent_phone_number_id", "phone_number_id"),
}
# What the answers of APIs have beside a page of a list: Stripe, HubSpot, Salesforce, OData, Google, GraphQL and others.
_MORE = frozenset("hasmore hasnext hasnextpage morerecords moreitems".split())
_NEXT = frozenset(
    "next nextpage nextpagetoken nextcursor nexturl nextlink odatanextlink nextrecordsurl".split()
)


def check_caller(beside: Mapping[str, object], chosen: Mapping[str, str | None], name: str) -> None:
    """Check that the agent and the caller number in the list are the chosen ones.

    Args:
        beside: the other fields of the object.
        chosen: the chosen ids, by option name.
        name: name of the list in messages.

    Raises:
        UsageError: they differ. The message names both.
    """
    wanted = {
        option: (key, value)
        for option, keys in _OPTIONS.items()
        for key, value in beside.items()
        if fold(key) in set(map(fold, keys)) and isinstance(value, str) and value.strip()
    }
    for option, (key, value) in wanted.items():
        if chosen.get(option) != value:
            said = chosen.get(option)
            here = f"this command uses {said!r}" if said else f"{option} is not given"
            options = shlex.join(word for each, (_, its) in wanted.items() for word in (each, its))
            raise UsageError(
                f"{name} is a request with {key} {value!r}, but {here}",
                hint=f"to use the values of the file, add `{options}`; otherwise, remove {key!r} from the file",
                code="caller-contradicted",
            )


def check_no_marks(beside: Mapping[str, object], name: str) -> None:
    """Check that the object has no do-not-call list beside its contacts, which nothing would use.

    Args:
        beside: the other fields of the object.
        name: name of the list in messages.

    Raises:
        InputError: it has one.
    """
    for key, value in beside.items():
        if says(key) is Says.DO_NOT_CALL and value not in ([], {}) and not is_clear_no(value):
            raise InputError(
                f"{name} has {key!r} beside its contacts, which is not used, so people could be called who must not be",
                hint=f"write these numbers to a file, one per line, and add --do-not-call FILE; then remove {key!r}",
                code="input-do-not-call",
            )


def further_pages(beside: Mapping[str, object], name: str) -> list[str]:
    """Return a warning if the list is one page of an API's answer, and there are more.

    Args:
        beside: the other fields of the object.
        name: name of the list in messages.
    """
    inside = ((path, value) for path, _, value in values_within(beside))
    for path, value in (*beside.items(), *inside):
        key = fold(path.rpartition(".")[2] if not path.startswith("@") else path)
        if (key in _MORE and value is True) or (key in _NEXT and value not in (None, False, "", {}, [])):
            return [
                (
                    f"{name} is one page of several, because it has {path!r} beside its contacts; the people on the "
                    "other pages are not called; fetch all pages, and put the contacts together in one list"
                )
            ]
    return []
