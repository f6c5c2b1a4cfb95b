"""Text that is never or seldom right in speech: left over from a spreadsheet, a program or another product.

Each rule looks at one text: a cell that a template speaks, a row's own message, or a text of a template.
"""

import re
from collections.abc import Iterator

from xuna_cli.dataclass import dataclass
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.targets.names import as_placeholder, unspaced
from xuna_cli.targets.no_names import has_names, why_no_name
from xuna_cli.targets.wrong_encoding import ESCAPES, find_misread


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem in a text.

    Attributes:
        code: stable identifier.
        matched: the part of the text with the problem.
        message: description and solution, worded to follow `'name' contains "…", `.
        is_word: whether only the whole word counts, and not the same letters within another word.
    """

    code: str
    matched: str
    message: str
    is_word: bool = False


def may_be_wrong(cell: str) -> bool:
    """Return whether a cell may have a problem; this is a fast check for most cells."""
    return (
        _find_unusual(cell) is not None
        or signed_placeholder(cell) is not None
        or not cell.isascii()
        or cell.strip() in WHOLE_CELLS
        or any(word in cell for word in NO_VALUE_WORDS)
    )


# --- never right ----------------------------------------------------------------------------------

# Texts that pandas, JavaScript, SQL, MySQL's exports, Java, C and spreadsheets write for a missing value. If people
# have this name, it is mapped to the spelling to use for them.
_NAMES = {
    **dict.fromkeys(("nan", "NaN", "NAN"), "Nan"),
    **dict.fromkeys(("null", "NULL"), "Null"),
    "None": "NONE",
    "undefined": "Undefined",
}
NO_VALUE_WORDS = ("None", "NaN", "nan", "null", "NULL", "undefined")
_NO_VALUES = frozenset(_NAMES) | {
    *("[object Object]", "[object object]", "\\N", "NaT", "<NA>", "N/A", "n/a", "N/a", "(null)", "(none)"),
    *(f"Err:{number}" for number in range(501, 541)),  # LibreOffice
}
_AROUND = "-\N{EN DASH}()[]*\"' "  # Salesforce writes --None--
# Excel, Google Sheets and LibreOffice in their languages: Microsoft's lists of error values.
_SHEET_ERROR = lazy_pattern(
    r"#(?:N/A|Н/Д|N/D|N/B|GETTING_DATA|GETTING DATA|DIV/0!|¡DIV/0!|ДЕЛ/0!|DZIEL/0!|SAYI/0!|BÖL/0!|DÉL/0!|OSZTÓ!)"
    r"|#(?:REF|VALUE|NULL|NUM|SPILL|CALC|FIELD|BLOCKED|CONNECT|BUSY|UNKNOWN|EXTERNAL|PYTHON|ERROR|TIMEOUT"
    r"|BEZUG|WERT|ZAHL|ÜBERLAUF|¡REF|¡VALOR|¡NUM|¡NULO|VALEUR|NOMBRE|NUL|RIF|VALORE|VALOR|NULO|VERW|WAARDE|GETAL"
    r"|LEEG|ССЫЛКА|ЗНАЧ|ЧИСЛО|ПУСТО|ADR|ARG|LICZBA|ZERO|BAŞV|DEĞER|SAYI|BOŞ|REFERENS|VÄRDEFEL|OGILTIGT|ODKAZ|HODNOTA"
    r"|NÚM|HIV|ÉRTÉK|SZÁM|PUUTTUU|ARVO|LUKU)!"
    r"|#(?:NAME|¿NOMBRE|NOM|NOME|NAAM|ИМЯ|NAZWA|AD|NAMN|NIMI|NÁZEV|NÉV)\?"
)
_FORMULA = lazy_pattern(
    r"=\s*[+-]?(?:[A-Z][A-Z0-9.]*\(.*|\$?[A-Z]{1,3}\$?[1-9]\d*\b.*|[\w' ]+!\$?[A-Z]{1,3}\$?\d.*)", re.DOTALL
)
_SHORTENED = lazy_pattern(r"(?<![\w.,])\d(?:[.,]\d+)?E\+\d\d(?![\w.,])")
_WHOLE_ERROR = lazy_pattern(r"#(?:NV|YOK|HIÁNYZIK|NEDEFINOVÁNO)|#{3,}|#[A-ZÄÖÜÉ¡¿/0_]{2,}[!?]")

# `{{ name }}` (Mustache, Liquid, ElevenLabs), `{name}`, `${name}`, `#{name}`, `{!Contact.FirstName}` (Salesforce),
# `<<name>>`, `[[name]]`, `*|FNAME|*` (Mailchimp), `%name%`, `%%name%%` (Marketing Cloud), `<%= name %>`, `##name##`,
# and printf's `%s`. `[name]`, `$name` and `@name` only with a usual name, since `[sic]` and `A$AP` may be intended.
_PLACEHOLDER = lazy_pattern(
    r"[$#]?\{+[^{}]*\}+|\{[{%]|[}%]\}|<%.*?%>|%%=.*?=%%"
    r"|<<[^<>]+>>|\[\[[^\[\]]+\]\]|\*\|[^|]+\|\*"
    r"|(?<![\w%])%%?[^\W\d_]\w*(?:[ .-][^\W\d_]\w*)*%%?(?![\w%])"
    r"|(?<![\w%])%(?:\d+\$)?[sd@](?!\w)|##[^\W\d_][\w .-]*##",
    re.DOTALL,
)
_NAMED = lazy_pattern(r"[\[«‹]\s*([\w .-]{2,30}?)\s*[\]»›]")
_SIGNED = lazy_pattern(r"(?<![\w$@])[$@]([^\W\d_]\w*)")
_PLACEHOLDER_NAMES = frozenset(
    map(
        unspaced,
        "name first_name last_name full_name fname lname firstname lastname surname your_name insert_name customer "
        "customer_name client_name contact_name contact_first_name company company_name business_name agent_name email "
        "phone phone_number address street city state zip country title date time appointment_date appointment_time "
        "appointment order order_id order_number amount product vorname nachname name_des_kunden anrede prénom nom "
        "nombre apellido apellidos nome cognome sobrenome имя фамилия 姓名 名前".split(),
    )
)
# Tags of SSML, the W3C's markup for speech, which are intended in a message.
_TAG = lazy_pattern(r"<!--|</?([A-Za-z][A-Za-z0-9:-]*)(?:\s[^<>]*|/)?>")
_SPEECH_TAGS = frozenset(
    (
        "audio",
        "break",
        "emphasis",
        "lang",
        "mark",
        "p",
        "phoneme",
        "prosody",
        "s",
        "say-as",
        "speak",
        "sub",
        "voice",
        "w",
    )
)
_ENTITY = lazy_pattern(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_find_unusual = re.compile(r"[^\w $'.,\-]|-\d\d-").search
ALLOW = "if the text is intended, add --allow-odd-messages"


def never_right(text: str, *, is_message: bool = False) -> Iterator[Finding]:
    """Yield text that is never right in speech.

    Args:
        text: a cell, or a text that was written to be spoken.
        is_message: whether it was written to be spoken; then SSML is allowed, and no word means a missing value.
    """
    if not is_message:
        yield from no_value(text)
    yield from _wrong_characters(text)
    if placeholder := signed_placeholder(text):
        yield _placeholder(placeholder)
    elif _find_unusual(text):
        yield from _left_over(text, is_message=is_message)


def signed_placeholder(text: str) -> str | None:
    """Return the first placeholder such as `$first_name` (shells, PHP) or `@name` in a text, or None."""
    if "$" not in text and "@" not in text:
        return None
    found = (match[0] for match in _SIGNED.finditer(text) if unspaced(match[1]) in _PLACEHOLDER_NAMES)
    return next(found, None)


def _placeholder(matched: str) -> Finding:
    message = "a placeholder that was not filled in; write the value itself"
    return Finding("message-placeholder", matched, message)


def _wrong_characters(text: str) -> Iterator[Finding]:
    if "\ufffd" in text:
        yield _misread("\ufffd", "the sign for a lost character")
    elif not text.isascii() and (misread := find_misread(text)):
        yield _misread(misread, "UTF-8 text that was read in another encoding")
    elif match := ESCAPES.search(text):
        yield _misread(match[0], "the code of a character")


def _left_over(text: str, *, is_message: bool) -> Iterator[Finding]:
    if (match := _SHEET_ERROR.search(text)) and not _WHOLE_ERROR.fullmatch(text.strip()):
        yield Finding("message-cell-error", match[0], "a spreadsheet error; fix the formula")
    if match := _SHORTENED.search(text):
        message = (
            "a number that a spreadsheet shortened; format the column as text, and enter the number again"
        )
        yield Finding("message-cell-error", match[0], message)
    match = _PLACEHOLDER.search(text) or next(
        (one for one in _NAMED.finditer(text) if unspaced(one[1]) in _PLACEHOLDER_NAMES), None
    )
    if match:
        yield _placeholder(match[0])
        return
    for tag in _TAG.finditer(text):
        if not (is_message and (tag[1] or "").casefold() in _SPEECH_TAGS):
            yield Finding("message-html", tag[0], "an HTML tag; remove it")
            return
    for entity in _ENTITY.finditer(text):
        if _is_entity(entity[0]):
            yield Finding(
                "message-html", entity[0], "an HTML code for a character; write the character itself"
            )
            return


def no_value(text: str) -> Iterator[Finding]:
    """Yield a text that, as a whole, is what programs write for a missing value, or a formula or its error."""
    whole = text.strip()
    parts = whole.split()
    if (
        whole in _NO_VALUES
        or whole.strip(_AROUND) in NO_VALUE_WORDS
        or (len(parts) > 1 and all(part in _NO_VALUES for part in parts))
    ):
        name = f'if a person is called that, write "{_NAMES[whole]}"; ' if whole in _NAMES else ""
        message = f"which programs write for a missing value; fill in the cell; {name}or allow such words"
        message += " with --allow-odd-messages"
        yield Finding("message-no-value", whole, message, is_word=True)
    elif _FORMULA.fullmatch(whole):
        message = "a spreadsheet formula instead of its result"
        yield Finding("message-cell-error", whole, message, is_word=True)
    elif _WHOLE_ERROR.fullmatch(whole):
        yield Finding("message-cell-error", whole, "a spreadsheet error; fix the formula", is_word=True)


def _misread(matched: str, what: str) -> Finding:
    hint = "save the list again from its source, as UTF-8, or see --encoding"
    return Finding("message-wrong-encoding", matched, f"{what}: {hint}")


def _is_entity(text: str) -> bool:
    if text.startswith("&#"):
        return True
    from html.entities import html5  # noqa: PLC0415 - 2,000 names, which few lists need

    return text[1:] in html5


# --- seldom right ---------------------------------------------------------------------------------


def _spelled(*words: str) -> Iterator[str]:
    for word in words:
        yield from (word, word.upper(), word.title(), word.capitalize())


_FILLERS = frozenset(
    {
        *("none", "-", "--", "---", "?", "??", "???", ".", "..", "...", "*", "0000-00-00", "1900-01-00"),
        *("(blank)", "(empty)", "(none)", "(unknown)", "[blank]", "-none-", "--none--", "____"),
        *_spelled("nil", "unknown", "no name", "not available", "not provided", "not applicable", "tbd"),
        *_spelled("tba", "unbekannt", "inconnu", "desconocido", "sconosciuto", "n.a.", "blank", "empty"),
        *_spelled("anonymous", "unknown caller", "wireless caller", "unknown unknown", "nil nil"),
        # What people type to try something, or WhatsApp and Facebook write for somebody without a name.
        *_spelled(
            "test", "test test", "test user", "testing", "asdf", "qwerty", "xx", "xxx", "xxxx", "xxxxx"
        ),
        *_spelled("foo", "foo bar", "john doe", "jane doe", "max mustermann", "erika mustermann"),
        *_spelled("whatsapp user", "facebook user", "instagram user"),
        # The header of a column as its cell.
        *_spelled(
            "first name", "first_name", "firstname", "fname", "last name", "last_name", "lastname", "lname"
        ),
        *_spelled("full name", "full_name", "vorname", "nachname", "prénom"),
    }
)
WHOLE_CELLS = _NO_VALUES | _FILLERS
"""Texts that are wrong, or may be, if they are the whole cell."""

_RAW_DATE = lazy_pattern(
    r"(?<![\d-])\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d-])"
    r"|(?<![\d:])\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?![\d:])|(?<![\d/])\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)(?![\d/])"
)
_MONTHS = 12
# Addresses, Markdown, notes to oneself.
_ADDRESS = lazy_pattern(r"https?://\S+|(?<!\S)www\.\S+", re.IGNORECASE)
_FOR_THE_EYE = lazy_pattern(
    r"\*\*|(?<!\w)__[^\W_]|\]\(|^#{1,6} \w|_{3,}|\b(?:TODO|FIXME|XXX+)\b|[Ll]orem ipsum", re.MULTILINE
)
_LOST_LETTER = lazy_pattern(r"[^\W\d_]\?[^\W\d_]")


def seldom_right(text: str, column: str, *, is_message: bool = False) -> Iterator[Finding]:
    """Yield text that is seldom right in speech.

    Args:
        text: a cell, or a text that was written to be spoken.
        column: column of the cell.
        is_message: whether it was written to be spoken, and not put into a template.
    """
    whole = text.strip()
    if whole in _FILLERS:
        yield Finding("message-no-value", whole, "which may mean that a value is missing", is_word=True)
    elif not is_message and has_names(column) and (why := why_no_name(whole)):
        yield Finding("message-no-name", whole, why, is_word=True)
    if is_message:
        yield from for_the_eye(text)
    elif match := _ADDRESS.search(text):
        yield Finding("message-markup", match[0], "an address, which is spelled out")
    yield from _raw_date(text, None if is_message else column)
    if "://" not in text and (match := _LOST_LETTER.search(text)):
        yield Finding("message-lost-letter", match[0], "where a letter may have been lost")
    if "\\" in text:
        yield Finding("message-backslash", "\\", "with a backslash in it")


def for_the_eye(text: str) -> Iterator[Finding]:
    """Yield the parts of a text to be spoken that are written to be read: an address, Markdown, a gap to fill in."""
    if match := _ADDRESS.search(text):
        yield Finding("message-markup", match[0], "an address, which is spelled out")
    if match := _FOR_THE_EYE.search(text):
        yield Finding("message-markup", match[0], "which is markup to read, not to hear")


def _raw_date(text: str, column: str | None) -> Iterator[Finding]:
    """Yield a raw date or time of a cell, or of a message, which has no column."""
    match = _RAW_DATE.search(text)
    if match is None:
        return
    if column is None:
        how = "write it as people say it"
    else:
        call = 'time("h:mm a"' if ":" in match[0][:3] else 'date("EEEE, d MMMM"'
        call += f', input="{_order(match[0])}")' if "/" in match[0] else ")"
        how = f"in the template, write {_filtered(column, call)}"
        if "/" in match[0] and all(int(part) <= _MONTHS for part in match[0].split("/")[:2]):
            how += f', or with input="M/d/{_year(match[0])}" if the month comes first'
    yield Finding("message-raw-date", match[0], f"which is spoken like this; {how}")


def _order(date: str) -> str:
    """Return the likely order of a date such as 12/31/2026, as the filter `date` takes it."""
    order = "M/d/" if int(date.split("/")[1]) > _MONTHS else "d/M/"
    return order + _year(date)


def _year(date: str) -> str:
    return "y" if len(date.split("/")[2]) > len("26") else "yy"


def _filtered(column: str, call: str) -> str:
    return as_placeholder(column).replace(" }}", f" | {call} }}}}")
