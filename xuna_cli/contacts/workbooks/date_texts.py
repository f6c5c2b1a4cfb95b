"""Dates, times and durations as the codes of number formats display them. Names are English by default."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from xuna_cli.contacts.workbooks.format_pieces import Piece, is_elapsed, literal
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import TypedText

_LAST_SERIAL = 2_958_465  # 9999-12-31
_LEAP_BUG = 60  # 1900-02-29, a date that spreadsheets count although it did not exist

_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DATE_FIELDS = {
    "yyyy": "{0.year:04}",
    "m": "{0.month}",
    "mm": "{0.month:02}",
    "d": "{0.day}",
    "dd": "{0.day:02}",
    "h": "{0.hour}",
    "hh": "{0.hour:02}",
    "s": "{0.second}",
    "ss": "{0.second:02}",
}
_MINUTE_FIELDS = {"m": "{0.minute}", "mm": "{0.minute:02}"}
_LANGUAGE = lazy_pattern(r"\$[^-]*-([0-9a-f]+)", re.IGNORECASE)
# The lower ten bits of Windows' language identifiers ([MS-LCID]).
_LANGUAGES = dict(
    pair.split("=")
    for pair in "1=ar 2=bg 3=ca 4=zh 5=cs 6=da 7=de 8=el 10=es 11=fi 12=fr 13=he 14=hu 16=it 17=ja 18=ko 19=nl 20=nb "
    "21=pl 22=pt 24=ro 25=ru 26=hr 27=sk 29=sv 30=th 31=tr 33=id 34=uk 36=sl 37=et 38=lv 39=lt 42=vi 57=hi".split()
)


def moment_of(value: float, *, epoch_1904: bool) -> datetime | None:
    """Return the date and time of a number of days; None if no date has it."""
    if not 0 <= value <= _LAST_SERIAL:
        return None
    # Dates in spreadsheets have no time zone.
    first = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 31 if value < _LEAP_BUG else 30)  # noqa: DTZ001
    return first + timedelta(milliseconds=round(value * 86_400_000))


def date_text(value: float, pieces: Sequence[Piece], template: str, *, epoch_1904: bool) -> TypedText | None:
    """Return the text of a date's or a time's cell; None if no date has this number.

    Args:
        value: the days since the epoch.
        pieces: pieces of the code.
        template: what `date_template` returns for them.
        epoch_1904: whether the epoch is 1904.
    """
    at = moment_of(value, epoch_1904=epoch_1904)
    if at is None:
        return None
    letters = {text[0].lower() for kind, text in pieces if kind == "date"}
    has_time = not letters.isdisjoint("hs")
    if letters <= {"h", "m", "s"} and has_time:
        typed: object = at.time() if value < 1 else at
    else:
        typed = at if has_time or at.time() != time() else at.date()
    text = template.format(at) if template else written(at, pieces)
    return TypedText(text or _iso(typed), typed)


def _iso(typed: object) -> str:
    if isinstance(typed, datetime):
        return typed.isoformat(" ", "seconds" if typed.second else "minutes")
    return typed.isoformat() if isinstance(typed, date | time) else str(typed)


def date_template(pieces: Sequence[Piece]) -> str:
    """Return the template with which `str.format` writes what `written` does; empty for a name or a half day."""
    letters = _letters(pieces)
    out = []
    for position, (kind, text) in enumerate(pieces):
        if kind == "date":
            is_minutes = letters[position] == "m" and _is_minutes(position, letters)
            field = (_MINUTE_FIELDS if is_minutes else _DATE_FIELDS).get(text.lower())
        else:
            field = literal(kind, text).replace("{", "{{").replace("}", "}}") if kind != "ampm" else None
        if field is None:
            return ""
        out.append(field)
    return "".join(out).strip() if any(letters) else ""


def _letters(pieces: Sequence[Piece]) -> list[str]:
    return [text[0].lower() if kind == "date" else "" for kind, text in pieces]


def written(moment: datetime, section: Sequence[Piece]) -> str:
    """Return a date in the code's format; empty if the code uses another calendar."""
    half_day = any(kind == "ampm" for kind, _ in section)
    out = []
    letters = _letters(section)
    for position, (kind, text) in enumerate(section):
        if kind == "date":
            letter, length = text[0].lower(), len(text)
            if letter == "m" and _is_minutes(position, letters):
                out.append(f"{moment.minute:0{min(length, 2)}}")
            elif letter in "md" and length > 2:  # noqa: PLR2004 - a name
                out.append(_name(moment, letter, length, section))
            elif (part := _part(moment, letter, text, half_day=half_day)) is not None:
                out.append(part)
            else:
                return ""
        elif kind == "ampm":
            noon = "PM" if moment.hour >= 12 else "AM"  # noqa: PLR2004 - noon
            out.append(noon if len(text) > 3 else noon[0])  # noqa: PLR2004 - of `A/P`
        else:
            out.append(literal(kind, text))
    return "".join(out).strip()


def _is_minutes(position: int, letters: Sequence[str]) -> bool:
    """Return whether an `m` means minutes: it follows hours or precedes seconds."""
    before = next((letter for letter in reversed(letters[:position]) if letter), "")
    after = next((letter for letter in letters[position + 1 :] if letter), "")
    return before == "h" or after == "s"


def _part(moment: datetime, letter: str, text: str, *, half_day: bool) -> str | None:
    length = len(text)
    hour = (moment.hour - 1) % 12 + 1 if half_day else moment.hour
    seconds = f"{moment.second:0{min(len(text.partition('.')[0]), 2)}}"
    if "." in text:
        seconds += f".{moment.microsecond // 1000:03}"[: len(text.partition(".")[2]) + 1]
    parts = {
        "y": f"{moment.year:04}" if length > 2 else f"{moment.year % 100:02}",  # noqa: PLR2004
        "m": f"{moment.month:0{length}}",
        "d": f"{moment.day:0{length}}",
        "h": f"{hour:0{min(length, 2)}}",
        "s": seconds,
    }
    return parts.get(letter)


def _name(moment: datetime, letter: str, length: int, section: Sequence[Piece]) -> str:
    """Return a month's or day's name: short for three letters, full for four, a month's first letter for five."""
    language = _language(section)
    if language is None:
        name = _MONTHS[moment.month - 1] if letter == "m" else _DAYS[moment.weekday()]
        return name[: {3: 3, 5: 1}.get(length, len(name)) if letter == "m" or length == 3 else len(name)]  # noqa: PLR2004
    from babel.dates import format_date  # noqa: PLC0415 - only where a sheet has such names

    letters = {"m": "M", "d": "E"}[letter]
    return format_date(moment, letters * min(length, 5 if letter == "m" else 4), locale=language)


def _language(section: Sequence[Piece]) -> str | None:
    """Return the language that a code names; None for English or if it names none."""
    for kind, text in section:
        if kind == "bracket" and (match := _LANGUAGE.match(text)):
            return _LANGUAGES.get(str(int(match[1], 16) & 0x3FF))
    return None


def elapsed_text(value: float, section: Sequence[Piece]) -> TypedText:
    """Return the text of a duration's cell."""
    duration = timedelta(milliseconds=round(value * 86_400_000))
    left = abs(duration)
    units = {"h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
    out = ["-"] if value < 0 else []
    for kind, text in section:
        letter = text[:1].lower()
        if (is_elapsed(kind, text) or kind == "date") and letter in units:
            number, left = divmod(left, units[letter])
            out.append(f"{number:0{len(text.partition('.')[0])}}")
        else:
            out.append(literal(kind, text))
    return TypedText("".join(out).strip(), duration)
