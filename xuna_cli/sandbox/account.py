"""The sandbox's account: its key, agents and phone numbers."""

from dataclasses import field, replace

from xuna_cli.dataclass import dataclass

CREATED_AT = 1_735_689_600  # 2025-01-01T00:00:00Z, creation time of everything in the account


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of the account.

    Attributes:
        agent_id: ID, as used in a batch.
        name: display name.
        first_message: what the agent says if a call has no override; may be empty.
    """

    agent_id: str
    name: str
    first_message: str = ""

    def summary(self) -> dict[str, object]:
        """Return the agent's entry in the list of agents."""
        return {
            "agent_id": self.agent_id,
            "name": self.name,
            "tags": ["sandbox"],
            "created_at_unix_secs": CREATED_AT,
        }

    def configuration(self) -> dict[str, object]:
        """Return the agent's full configuration, as its own endpoint returns it."""
        return {
            "agent_id": self.agent_id,
            "name": self.name,
            "conversation_config": {"agent": {"first_message": self.first_message, "language": "en"}},
            "metadata": {"created_at_unix_secs": CREATED_AT},
            "tags": ["sandbox"],
        }


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number of the account; the JSON leaves out `agent_id` if it is None."""

    phone_number_id: str
    phone_number: str
    label: str
    agent_id: str | None = None

    def document(self) -> dict[str, object]:
        """Return the number's entry in the list of numbers."""
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

# The IDs in the vendor's documentation, so that its example request works unchanged.
DOCUMENTED_AGENT = Agent("agent_7101k5zvyjhmfg983brhmhkd98n6", "Documented example")
DOCUMENTED_NUMBER = PhoneNumber("pn_xxxxxxxx", "+15551234567", "Documented example")


@dataclass(frozen=True, slots=True)
class Account:
    """The only account of this sandbox.

    Attributes:
        api_key: the only key that is accepted.
        agents: the agents.
        phone_numbers: the phone numbers.
    """

    api_key: str = field(default="sandbox", repr=False)
    agents: tuple[Agent, ...] = (SANDBOX_AGENT, DOCUMENTED_AGENT)
    phone_numbers: tuple[PhoneNumber, ...] = (SANDBOX_NUMBER, DOCUMENTED_NUMBER)

    def agent(self, agent_id: str) -> Agent | None:
        """Return the agent with this ID, or None."""
        return next((agent for agent in self.agents if agent.agent_id == agent_id), None)

    def has_phone_number(self, phone_number_id: str) -> bool:
        """Return whether the account has a number with this ID."""
        return any(number.phone_number_id == phone_number_id for number in self.phone_numbers)


def account_with(agent_id: str | None, phone_number_id: str | None) -> Account:
    """Return an account with one agent and one number.

    Args:
        agent_id: the agent's id (default: the sandbox's).
        phone_number_id: the number's id (default: the sandbox's).
    """
    agent = replace(SANDBOX_AGENT, agent_id=str(agent_id or SANDBOX_AGENT.agent_id))
    number = replace(
        SANDBOX_NUMBER, phone_number_id=str(phone_number_id or SANDBOX_NUMBER.phone_number_id), agent_id=None
    )
    return Account(agents=(agent,), phone_numbers=(number,))
