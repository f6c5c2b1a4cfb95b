"""Lists in the form of an API request: an object with `calls`, an agent and a caller number."""

from collections.abc import Mapping

from xuna_cli.commands.list_plan import quoted_words
from xuna_cli.errors import UsageError
from xuna_cli.folding import fold

_OPTIONS = {
    "--agent-id": ("agent_id", "override_agent_id"),
    "--from-phone-number-id": ("from_phone_number_id", "agent_phone_number_id", "phone_number_id"),
}


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
            options = quoted_words(*(word for each, (_, its) in wanted.items() for word in (each, its)))
            raise UsageError(
                f"{name} is a request with {key} {value!r}, but {here}",
                hint=f"to use the values of the file, add `{options}`; otherwise, remove {key!r} from the file",
                code="caller-contradicted",
            )
