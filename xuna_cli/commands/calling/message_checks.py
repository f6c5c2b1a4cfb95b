"""Message checks for a whole list, with warnings before the first call.

--quiet never hides these warnings, since they are about what people hear.
"""

from collections.abc import Iterable

from xuna_cli.commands.calling.messages import Messages
from xuna_cli.commands.list_options import ListAndMessageOptions
from xuna_cli.contacts.contact_list import ContactList
from xuna_cli.errors import InputError, UsageError
from xuna_cli.models import Contact, LintWarning, Rejection
from xuna_cli.output.messages import counted, say
from xuna_cli.targets.lint import Lint, check_literals
from xuna_cli.targets.override import FIRST_MESSAGE, clash, message_of
from xuna_cli.targets.own_values import own_columns, own_values
from xuna_cli.targets.values import TargetProblem

# Faults that people hear, not only long or oddly spaced messages.
_LOUD = frozenset(
    {
        "message-no-value",
        "message-wrong-encoding",
        "message-cell-error",
        "message-placeholder",
        "message-html",
        "message-braces",
    }
)


class MessageChecks:
    """Checks the messages and remembers the warnings that were printed.

    Args:
        options: options of batch-call or render.
        messages: the templates; none for a rendered list.
        reviewed: whether the list was rendered; fatal faults were then found by `render`.

    Attributes:
        warnings: warnings about the templates.

    Raises:
        UsageError: two options contradict each other.
        InputError: everybody would hear a placeholder or another fatal fault.
    """

    def __init__(
        self,
        options: ListAndMessageOptions,
        messages: Messages,
        *,
        reviewed: bool,
    ) -> None:
        self._options = options
        self._messages = messages
        self._literals = [text for override in messages.all for text in override.template.literals]
        self._reviewed = reviewed
        if options.strict_messages and "allow_odd_messages" in options.typed:
            raise UsageError("--strict-messages and --allow-odd-messages can't be used together; choose one")
        self._allow_odd = (options.allow_odd_messages and not options.strict_messages) or reviewed
        self._agent_message = options.agent_message
        self._told: set[str] = set()
        self.aloud = True
        self.warnings = check_literals(messages.all, allow_odd=self._allow_odd)

    def lint(self, *, tells: bool = True) -> Lint:
        """Return the function that checks each row's message, and tells about the first one of each kind."""
        return Lint(
            strict=self._options.strict_messages,
            allow_odd=self._allow_odd,
            literals=self._literals,
            on_new=self._tell if tells else lambda _: None,
        )

    def silent(self, contacts: ContactList) -> list[str]:
        """Return a warning if rows have no first message, unless an option confirms that.

        Args:
            contacts: the list from its beginning; read to its end only if rows may differ.
        """
        given = any(clash(override.path, FIRST_MESSAGE) for override in self._messages.first)
        if given or self._agent_message or self._reviewed:
            return []
        rows = silent = 1
        if not contacts.columns_are_complete or own_columns(contacts.columns):
            rows, silent = _silent_rows(contacts)
        if not silent:
            return []
        if silent == rows:
            return [
                (
                    "there is no first message, so everybody hears the agent's own message; "
                    "if this is intended, add --agent-message"
                )
            ]
        return [
            (
                f"{silent:,} of {counted(rows, 'row has', 'rows have')} no first message, so these people hear the "
                "agent's own message; add --first-message, or, if this is intended, --agent-message"
            )
        ]

    def _tell(self, mark: LintWarning) -> None:
        """Warn about a kind of fault at its first row, before that row is called."""
        if mark.code in self._told:
            return
        self._told.add(mark.code)
        if self.aloud and (mark.code in _LOUD or not self._options.quiet):
            say(f"xuna: warning: row {mark.first_row}: {mark.message} [{mark.code}]")


def _silent_rows(contacts: Iterable[Contact | Rejection]) -> tuple[int, int]:
    """Return the number of readable rows, and of those without a first message of their own."""
    rows = silent = 0
    try:
        for contact in contacts:
            if isinstance(contact, Rejection):
                continue
            try:
                own = own_values(contact.fields, own_columns(contact.fields))
            except (TargetProblem, InputError):  # the row is rejected with a message
                continue
            rows += 1
            silent += message_of(own) is None
    except InputError:  # reported when the list is read for calling
        pass
    return rows, silent
