"""The account that the sandbox pretends to be: its key, its agents, its numbers."""

from dataclasses import dataclass, field

CREATED_AT = 1_735_689_600  # 2025-01-01T00:00:00Z, for everything that the account has had all along


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of the account.

    Attributes:
        agent_id: what a batch names.
        name: for people.
        first_message: what it says when a call brings no override; empty where it has none.
    """

    agent_id: str
    name: str
    first_message: str = ""

    def summary(self) -> dict[str, object]:
        """Return the agent as it stands in a list."""
        return {
            "agent_id": self.agent_id,
            "name": self.name,
            "tags": ["sandbox"],
            "created_at_unix_secs": CREATED_AT,
        }

    def configuration(self) -> dict[str, object]:
        """Return the agent as its own endpoint shows it."""
        return {
            "agent_id": self.agent_id,
            "name": self.name,
            "conversation_config": {"agent": {"first_message": self.first_message, "language": "en"}},
            "metadata": {"created_at_unix_secs": CREATED_AT},
            "tags": ["sandbox"],
        }


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """An imported number of the account; `agent_id` is absent from the answer when it is None."""

    phone_number_id: str
    phone_number: str
    label: str
    agent_id: str | None = None

    def document(self) -> dict[str, object]:
        """Return the number as the API lists it."""
        listed: dict[str, object] = {
            "phone_number_id": self.phone_number_id,
            "phone_number": self.phone_number,
            "label": self.label,
        }
        if self.agent_id is not None:
            listed["agent_id"] = self.agent_id
        return listed


SANDBOX_AGENT = Agent("agent_sandbox", "Sandbox agent", "Hello, this is the sandbox.")
SANDBOX_NUMBER = PhoneNumber("pn_sandbox", "+15550100000", "Sandbox", SANDBOX_AGENT.agent_id)

# The ids in the vendor's documentation, so that its example request works as it stands.
DOCUMENTED_AGENT = Agent("agent_7101k5zvyjhmfg983brhmhkd98n6", "Documented example")
DOCUMENTED_NUMBER = PhoneNumber("pn_xxxxxxxx", "+15551234567", "Documented example")


@dataclass(frozen=True, slots=True)
class Account:
    """What belongs to the one customer of this sandbox.

    Attributes:
        api_key: the only key that is accepted.
        agents: by id.
        phone_numbers: by id.
    """

    api_key: str = field(default="sandbox", repr=False)
    agents: tuple[Agent, ...] = (SANDBOX_AGENT, DOCUMENTED_AGENT)
    phone_numbers: tuple[PhoneNumber, ...] = (SANDBOX_NUMBER, DOCUMENTED_NUMBER)

    def agent(self, agent_id: str) -> Agent | None:
        """Return the agent with this id, or None."""
        return next((agent for agent in self.agents if agent.agent_id == agent_id), None)

    def has_phone_number(self, phone_number_id: str) -> bool:
        """Return whether a number with this id is imported."""
        return any(number.phone_number_id == phone_number_id for number in self.phone_numbers)
