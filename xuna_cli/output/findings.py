"""The result of `xuna doctor`."""

from collections.abc import Iterator, Mapping, Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import XunaError
from xuna_cli.output.result import Result, Styled, Table


@dataclass(frozen=True, slots=True)
class Finding:
    """One check.

    Attributes:
        what: name of the check.
        message: the finding.
        error: the error that a run would end with, or None.
        checked: whether the check was done.
        advice: advice without an error.
    """

    what: str
    message: str
    error: XunaError | None = None
    checked: bool = True
    advice: str = ""

    @property
    def hint(self) -> str:
        """The advice."""
        return self.error.hint if self.error else self.advice

    @property
    def mark(self) -> str | Styled:
        """The mark in front of the check."""
        if self.error is not None:
            return Styled("!!", "bold red")
        return Styled("ok", "green") if self.checked else "--"


@dataclass(frozen=True, slots=True)
class Diagnosis(Result):
    """All checks."""

    findings: Sequence[Finding]

    @property
    def errors(self) -> Sequence[XunaError]:
        """The errors that a run would end with."""
        return [finding.error for finding in self.findings if finding.error is not None]

    def document(self) -> Mapping[str, object]:
        """Return every check."""
        return {
            "findings": [
                {
                    "what": finding.what,
                    "ok": finding.checked and finding.error is None,
                    "message": finding.message,
                    "hint": finding.hint,
                }
                for finding in self.findings
            ]
        }

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each check."""
        yield Table(
            ("", "What", "Result"),
            [
                (one.mark, one.what, one.message + (f" — {one.hint}" if one.hint else ""))
                for one in self.findings
            ],
        )
