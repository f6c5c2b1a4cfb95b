"""The account's agents and caller numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xuna_cli.api.account import own_first_message
from xuna_cli.api.client import PhoneNumber
from xuna_cli.dataclass import dataclass
from xuna_cli.models import Agent
from xuna_cli.output.result import ListResult, Result, Styled, Table


@dataclass(frozen=True, slots=True)
class AgentList(ListResult):
    """The account's agents."""

    agents: Sequence[Agent]

    def document(self) -> Mapping[str, object]:
        """Return the agents, and why the list is incomplete."""
        rows = [
            {"agent_id": one.agent_id, "name": one.name, "tags": one.tags, "created_at": one.created_at}
            for one in self.agents
        ]
        return {"agents": rows, "incomplete": self.incomplete}

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each agent."""
        yield Table(
            ("XUNA_AGENT_ID", "Name", "Tags", "Since"),
            [(one.agent_id, one.name, ", ".join(one.tags), one.created_at or "-") for one in self.agents],
            whole=("XUNA_AGENT_ID",),
        )


@dataclass(frozen=True, slots=True)
class AgentFound(Result):
    """One agent.

    Attributes:
        agent_id: id of the agent.
        configuration: the agent's configuration from the API.
    """

    agent_id: str
    configuration: Mapping[str, Any]

    def document(self) -> Mapping[str, object]:
        """Return the whole configuration."""
        return {"agent": self.configuration}

    def parts(self) -> Iterator[Table | str]:
        """Yield the facts that matter for a campaign."""
        name, tags = self.configuration.get("name"), self.configuration.get("tags")
        config = self.configuration.get("conversation_config")
        spoken = config.get("agent") if isinstance(config, dict) else None
        language = spoken.get("language") if isinstance(spoken, dict) else None
        message = own_first_message(self.configuration)
        rows: list[tuple[str, object]] = [
            ("XUNA_AGENT_ID", self.agent_id),
            ("Name", name if isinstance(name, str) else "-"),
        ]
        if isinstance(language, str):
            rows.append(("Language", language))
        if isinstance(tags, list) and tags:
            rows.append(("Tags", ", ".join(map(str, tags))))
        none = Styled("none. Use --first-message or a first_message column", "yellow")
        rows.append(("First message", none if message is None else f"“{message}”"))
        yield Table(("Agent", ""), rows)
        if message is not None:
            yield "The agent says this message in calls without another first message."


@dataclass(frozen=True, slots=True)
class PhoneNumberList(Result):
    """The account's caller numbers."""

    numbers: Sequence[PhoneNumber]

    def document(self) -> Mapping[str, object]:
        """Return the numbers."""
        rows = [
            {"phone_number_id": one.phone_number_id, "phone_number": one.phone_number, "label": one.label}
            for one in self.numbers
        ]
        return {"phone_numbers": rows}

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each number."""
        yield Table(
            ("XUNA_FROM_PHONE_NUMBER_ID", "Number", "Label"),
            [(one.phone_number_id, one.phone_number, one.label) for one in self.numbers],
            whole=("XUNA_FROM_PHONE_NUMBER_ID",),
        )

    def remarks(self) -> Iterator[str]:
        """Yield a note if there is no number."""
        if not self.numbers:
            yield "The account has no caller number. Import a number first."
