"""`xuna test-call`: call your own phone with the message of one row."""

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.call_options import CallerOptions
from xuna_cli.commands.command_class import Command
from xuna_cli.commands.list_options import CALLER, LIST, OUTPUT
from xuna_cli.commands.option_types import options_of_command, takes, text
from xuna_cli.commands.options import TableOrJson
from xuna_cli.commands.results import prints
from xuna_cli.output.result import Result
from xuna_cli.settings import Given

if TYPE_CHECKING:
    from xuna_cli.commands.calling.prepared_list import PreparedList
    from xuna_cli.models import CallTarget

CAMPAIGN = "xuna test calls"
"""The campaign of all test calls of a ledger."""

app = typer.Typer()


@options_of_command
class TestCallOptions(CallerOptions):
    """The options of `xuna test-call`."""

    __test__ = False  # keeps pytest from collecting the class
    LEFT_OUT = frozenset(
        "key limit max_calls do_not_call_column country consent_column consent_values quiet_days campaign "
        "rejects".split()
    )

    row: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Row of the list with the message to use.", rich_help_panel=LIST
        ),
    ]
    to: Annotated[
        Given,
        text(
            "--to", metavar="NUMBER", help="Your own phone number, which is called.", rich_help_panel=CALLER
        ),
    ]
    output: Annotated[
        TableOrJson, typer.Option(envvar="XUNA_OUTPUT", help="Format of the result.", rich_help_panel=OUTPUT)
    ] = TableOrJson.TABLE


@app.command(
    "test-call",
    cls=Command,
    epilog="""
    Hear the message of row 2 on your own phone.
      xuna test-call contacts.csv -m 'Hi {{ name }}.' --row 2 --to +15551234567
    """,
)
@takes(TestCallOptions)
@prints("test-call")
def test_call(options: TestCallOptions) -> Result:
    """Call your own phone with the message of one row.

    The real agent calls from the real caller number. The call is recorded as a test, not as a call to the person
    of that row. Do-not-call lists apply to your number.
    """
    from xuna_cli.commands.account import open_account
    from xuna_cli.commands.calling.prepared_list import PreparedList
    from xuna_cli.commands.prompts import DeclinedError, check_terminal, confirmed
    from xuna_cli.dialing.context import Plan, RunContext, Stop
    from xuna_cli.dialing.preview import Sample
    from xuna_cli.dialing.run import Dialer
    from xuna_cli.interrupts import INTERRUPTS
    from xuna_cli.models import CallTarget
    from xuna_cli.output.messages import say
    from xuna_cli.output.test_call import TestCallResult
    from xuna_cli.screening.order import Screening

    with contextlib.ExitStack() as stack:
        prepared = PreparedList(options, stack)
        prepared.say_warnings()
        to = prepared.number_of(options.to)
        target = _target_of_row(prepared, options.row)
        account = stack.enter_context(open_account(options))
        prepared.check_caller(account.agent_id, account.from_phone_number_id)
        ledger = prepared.ledger_to_write(stack)
        heard = Sample(target.row_number, to, target.override)
        if not (options.yes or options.sandbox):
            check_terminal()
            words = "the agent's own message" if heard.message is None else f"“{heard.message}”"
            say(f"\nAbout to call {to} with the message of row {heard.row_number}: {words}")
            say(f"  agent {account.agent_id}, caller number {account.from_phone_number_id}")
            if not confirmed("Call this number?"):
                raise DeclinedError("Cancelled. Nobody was called.")
        description = replace(
            prepared.description(
                account.agent_id, account.from_phone_number_id, account.origin, options.timeout
            ),
            campaign=f"{CAMPAIGN} ({account.origin})",
            named_by_default=False,
            key_column="test call",
        )
        INTERRUPTS.let_finish()
        run = ledger.start_run(description)
        plan = Plan(
            account.agent_id,
            account.from_phone_number_id,
            batch_size=1,
            concurrency=1,
            address=prepared.address_of(description.campaign),
        )
        context = RunContext(plan, run, ledger, account.client, Stop(INTERRUPTS.asked), clock=prepared.clock)
        screening = Screening(
            prepared.screening.do_not_call, kind_of_number=prepared.screening.kind_of_number
        )
        # Each test call has its own key, so that a phone can be called any number of times.
        person = CallTarget(target.row_number, f"{to}\x1f{run.id}", to, target.override)
        report = Dialer(context, screening).dial([(person, None)])
    return TestCallResult(heard, description.campaign, report, options.sandbox)


def _target_of_row(prepared: "PreparedList", row_number: int) -> "CallTarget":
    """Return the call target of one row.

    Raises:
        InputError: the row does not exist or is rejected.
    """
    from xuna_cli.errors import InputError
    from xuna_cli.models import Contact, Rejection

    with prepared.readings.open() as contacts:
        found = next((row for row in contacts if row.row_number == row_number), None)
        made = prepared.targets.builder(contacts)(found) if isinstance(found, Contact) else found
    if made is None:
        raise InputError(
            f"{prepared.readings.name} has no contact in row {row_number}",
            hint="rows are counted as in a spreadsheet; the header is row 1",
            code="row-missing",
        )
    if isinstance(made, Rejection):
        raise InputError(f"row {row_number} is rejected: {made.message}", code=made.code)
    return made
