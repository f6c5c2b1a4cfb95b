"""`xuna render`: write the finished calls to a file instead of placing them."""

import contextlib
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xuna_cli.api.account import agent, configuration_hash
from xuna_cli.api.client import Client
from xuna_cli.commands.account import base_url, missing_agent
from xuna_cli.commands.call_options import RenderOptions
from xuna_cli.commands.calling.prepared_list import PreparedList
from xuna_cli.commands.calling.rehearsal import dry_run
from xuna_cli.commands.list_options import STDIN
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.errors import ExitStatus, XunaError
from xuna_cli.ledger.records import ClaimStatus
from xuna_cli.models import CallTarget, Contact, Rejection
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.files import refuse_inputs, refuse_outputs
from xuna_cli.output.messages import count_words, counted, say
from xuna_cli.output.rejections import rejection_lines
from xuna_cli.output.result import print_remarks
from xuna_cli.output.review import Review, format_of
from xuna_cli.output.screening import screening_lines
from xuna_cli.targets.rendered_list import RenderedList, document_of

KNOWN = {
    ClaimStatus.ALREADY_CALLED: "called already in this campaign",
    ClaimStatus.IN_FLIGHT: "another run is calling this person now",
    ClaimStatus.HELD: "held: the person may have been called",
    ClaimStatus.DUPLICATE: "duplicate",
}
"""Why a row that is not called is left out, for a person."""


def render(options: RenderOptions) -> ExitStatus:
    """Write the calls that would be placed, and print the counts of the other rows.

    Raises:
        XunaError: rendering stopped; an existing output file is unchanged.
    """
    to = options.to
    with contextlib.ExitStack() as stack:
        format_of(to)
        inputs = (Path(options.contacts), *(options.do_not_call or ()))
        refuse_inputs(to, inputs if options.contacts != STDIN else inputs[1:])
        refuse_outputs(to, options.rejects)
        prepared = PreparedList(options, stack, keep_contacts=True)
        prepared.refuse_as_output(to)
        prepared.say_warnings()
        about = prepared.about
        about = _sealed(about, options) if options.seal else RenderedList(about.campaign, about.key_column)
        review = stack.enter_context(contextlib.closing(Review()))

        result = dry_run(prepared, _Reviewed(review, about))
        for error in result.report.errors:
            raise error
        review.write(to, seal=options.seal)
    if options.quiet:
        print_remarks(result, has_table=False)
    else:
        _say(result, to)
    return result.exit_status


class _Reviewed(RunObserver):
    """Writes down who would be called, and who would not.

    Args:
        review: where.
        about: what the rendered list says of itself.
    """

    def __init__(self, review: Review, about: RenderedList) -> None:
        self._review = review
        self._about = about

    def fit(self, targets: Sequence[CallTarget]) -> None:
        """Write down people who would be called."""
        for target in targets:
            fields = target.contact.fields if target.contact else {}
            self._review.add_call(document_of(target, self._about), fields)

    def rejection(self, rejection: Rejection) -> None:
        """Write down a row that is rejected or screened out."""
        said = rejection.message.startswith(rejection.code)
        why = rejection.message if said else f"{rejection.code}: {rejection.message}"
        self._left_out(rejection.row_number, why, rejection.contact)

    def known(self, target: CallTarget, status: ClaimStatus, of_row: int | None) -> None:
        """Write down a row whose person is in the ledger, or stands in another row."""
        words = KNOWN[status] if of_row is None else f"{KNOWN[status]} of row {of_row}"
        self._left_out(target.row_number, f"{status}: {words}", target.contact)

    def _left_out(self, row_number: int, why: str, contact: Contact | None) -> None:
        self._review.add_left_out(row_number, why, contact.fields if contact else {})


def _sealed(about: RenderedList, options: RenderOptions) -> RenderedList:
    """Add the agent and, if readable, the hash of its configuration to the list's header.

    Raises:
        ConfigurationError: no agent is given.
    """
    if options.agent_id is None:
        raise missing_agent()
    agent_id, agent_hash = str(options.agent_id), None
    if not options.sandbox:
        try:
            url = base_url(options.settings, options.base_url)
            client = Client(url, options.settings.api_key().reveal(), deadline=options.timeout)
            agent_hash = configuration_hash(agent(client, agent_id))
        except XunaError as error:
            say(
                f"xuna: warning: the configuration of agent {agent_id} could not be read, so it is not sealed: "
                f"{error.message}"
            )
    return replace(about, agent_id=agent_id, agent_hash=agent_hash)


def _say(result: BatchCallResult, to: Path | None) -> None:
    report = result.report
    left_out = {**report.counts, "not_sent": 0}
    others = ", ".join(count_words(one, rows) for one, rows in left_out.items() if rows)
    written = counted(report.counts["not_sent"], "call target", "call targets")
    say(f"xuna: {written} of campaign {result.campaign!r}")
    if others:
        say(f"xuna: left out: {others}")
    for words in rejection_lines(report, result.rejects, result.again):
        say(words)
    for words in screening_lines(replace(report, outside=None), result.marks, result.rejects):
        if words:
            say(words)
    if to is not None and report.counts["not_sent"]:
        say(
            f"xuna: Written to {to}. To place exactly these calls, run: xuna batch-call {shlex.quote(str(to))}"
        )
    elif to is not None:
        say(f"xuna: Written to {to}. It has no calls.")
