"""The result of `xuna test-call`."""

from collections.abc import Iterator, Mapping, Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.dialing.preview import Sample
from xuna_cli.dialing.report import Report
from xuna_cli.errors import ExitStatus, XunaError, most_important
from xuna_cli.output.batches import batch_document
from xuna_cli.output.messages import error_text
from xuna_cli.output.preview import sample_document
from xuna_cli.output.result import Result, Table


@dataclass(frozen=True, slots=True)
class TestCallResult(Result):
    """The result of a test call.

    Attributes:
        heard: the message and the number.
        campaign: the campaign that records the call.
        report: the run's report.
        sandbox: whether the sandbox took the call, so that no phone rings.
    """

    heard: Sample
    campaign: str
    report: Report
    sandbox: bool = False

    @property
    def errors(self) -> Sequence[XunaError]:
        """Errors of the run."""
        return self.report.errors

    @property
    def exit_status(self) -> ExitStatus:
        """The run's status, or a failure if nobody was called."""
        statuses = {error.exit_status for error in self.report.errors}
        if not self.report.counts["accepted"]:
            statuses.add(ExitStatus.HELD if self.report.counts["held"] else ExitStatus.REJECTED)
        return most_important(statuses)

    def document(self) -> Mapping[str, object]:
        """Return the message and the batch."""
        screened = [one.reason for one in self.report.screened]
        return {
            "campaign": self.campaign,
            "test_call": sample_document(self.heard),
            "counts": dict(self.report.counts),
            "batches": [batch_document(record) for record in self.report.batches],
            "screened": [{"code": reason.code, "message": reason.message} for reason in screened],
            "rejections": [{"code": one.code, "message": one.message} for one in self.report.rejections],
        }

    def parts(self) -> Iterator[Table | str]:
        """Yield the call's result."""
        number, row = self.heard.to_phone_number, self.heard.row_number
        if self.report.counts["accepted"]:
            words = "the agent's own message" if self.heard.message is None else f"“{self.heard.message}”"
            (batch,) = self.report.batches
            does = f"The sandbox takes the call to {number}" if self.sandbox else f"Calling {number} now"
            yield f"{does} with the message of row {row}: {words} (batch {batch.batch_id})"
            if self.sandbox:
                yield "No phone rings. To hear the message, leave out --sandbox."
        elif self.report.counts["held"]:
            yield f"Perhaps {number} is being called. Look at your phone, or at the dashboard of XUNA AI."
        else:
            why = [one.reason.message for one in self.report.screened]
            why += [one.message for one in self.report.rejections]
            yield f"{number} was not called" + (f": {'; '.join(why)}." if why else ".")

    def remarks(self) -> Iterator[str]:
        """Yield why the call failed, or may have failed."""
        yield from map(error_text, self.report.errors)
