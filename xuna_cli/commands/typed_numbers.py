"""Phone numbers that were typed as arguments of a command."""

from collections.abc import Iterable


def typed_numbers(texts: Iterable[str], *, region: str | None, hint: str = "") -> list[str]:
    """Return every reading of typed numbers, each once, in E.164.

    Args:
        texts: the numbers.
        region: value of --region: country of numbers without +.
        hint: what to add to an error.

    Raises:
        UsageError: a number or the region is not valid.
    """
    from xuna_cli.errors import UsageError
    from xuna_cli.phone.cells import PhoneProblem
    from xuna_cli.phone.regions import check_region
    from xuna_cli.phone.suppression import SuppressionReader

    reader = SuppressionReader(check_region(region) if region else None)
    found: list[str] = []
    for text in texts:
        try:
            found += [reading.number for reading in reader.read(text)]
        except PhoneProblem as problem:
            raise UsageError(problem.message, hint=hint, code=problem.code) from None
    return list(dict.fromkeys(found))
