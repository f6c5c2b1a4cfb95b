"""Read XML that consists of many similar units, such as the rows of a sheet, without a call for each element.

expat reads every byte, so what is not well-formed is refused. But most of the time of a reading goes into expat's calls
to Python. So a unit in the most usual form is read by its reader, as text, and expat only checks it. For each other
unit, expat calls the handlers. Both give the same result.

A reader of text can't know about comments, CDATA sections and processing instructions, nor about other encodings. A
part of a workbook with one of these is read by the handlers from there to its end.
"""

import re
import sys
from collections.abc import Callable

from xuna_cli.contacts.workbooks.sheets import Handler, feed, make_parser
from xuna_cli.lazy_pattern import lazy_pattern

_UTF_8 = lazy_pattern(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'][Uu][Tt][Ff]-8[\"'])?"
    rb"(?: standalone=[\"'](?:yes|no)[\"'])?\s*\?>)?\s*<\w"
)
_LONGEST = 256 * 1024  # bytes of a unit; a longer one is not kept in memory
_REFERENCE = lazy_pattern(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|(\w+));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class UnitParser:
    """Parses a part of a workbook.

    Args:
        unit: name of the unit's element, without a prefix.
        read: reads one or more units of the most usual form. It returns False, and changes nothing, if one of them has
            any other form, or if the handlers are inside an element whose end they wait for. What it reads is valid
            only when `feed` returns.
        start: handler of a start tag.
        end: handler of an end tag.
        text: handler of text.
    """

    def __init__(
        self,
        unit: str,
        read: Callable[[str], bool],
        *,
        start: Handler,
        end: Callable[[str], None],
        text: Callable[[str], None],
    ) -> None:
        self._end_tag = f"</{unit}>"
        self._end_bytes = self._end_tag.encode()
        self._read = read
        self._parser = make_parser(start, end, text)
        self._rest = b""
        self._is_first = self._is_plain = True

    def feed(self, chunk: bytes) -> None:
        """Parse the next bytes.

        Raises:
            WorkbookError: they are not well-formed XML.
        """
        if not self._is_plain:
            feed(self._parser, chunk)
            return
        data = self._rest + chunk
        end = data.rfind(self._end_bytes) + len(self._end_bytes)
        if end < len(self._end_bytes):
            end = 0
        units, self._rest = data[:end], data[end:]
        if units and self._is_first:
            units = self._after_first(units)
        if not self._is_plain or _has_markup(units) or len(self._rest) > _LONGEST:
            self._is_plain = False
            feed(self._parser, units + self._rest)
        elif units:
            self._parse(units)

    def end(self) -> None:
        """Parse the rest.

        Raises:
            WorkbookError: the part is not well-formed XML.
        """
        feed(self._parser, self._rest if self._is_plain else b"", last=True)

    def _after_first(self, units: bytes) -> bytes:
        """Parse the beginning of the part, with the first unit; return the other units."""
        self._is_first = False
        size = units.index(self._end_bytes) + len(self._end_bytes)
        first = units[:size]
        self._is_plain = _UTF_8.match(first) is not None and not _has_markup(first[4:]) and b"\0" not in first
        feed(self._parser, first)
        return units[size:]

    def _parse(self, units: bytes) -> None:
        try:
            text = units.decode()
        except UnicodeDecodeError:
            feed(self._parser, units)
            return
        if self._read(text):
            self._check(units)
            return
        for unit in text.split(self._end_tag)[:-1]:
            whole = unit + self._end_tag
            if self._read(whole):
                self._check(whole.encode())
            else:
                feed(self._parser, whole.encode())

    def _check(self, units: bytes) -> None:
        """Check that units are well-formed, without calling the handlers."""
        parser = self._parser
        handlers = parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
        feed(parser, units)
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = handlers


def _has_markup(xml: bytes) -> bool:
    """Return whether there is a comment, a CDATA section, a processing instruction or a document type."""
    # The first look is fast, because these two are rare; `<` is not.
    return (b"!" in xml and b"<!" in xml) or (b"?" in xml and b"<?" in xml)


def resolved(text: str) -> str:
    """Return a text of XML with its references replaced, e.g. `&amp;`. expat refuses those that don't exist."""
    return _REFERENCE.sub(_referred, text) if "&" in text else text


def _referred(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _ENTITIES.get(name, "")
    digits, base = (hexadecimal, 16) if hexadecimal else (decimal, 10)
    code = int(digits.lstrip("0")[:9] or "0", base)
    return chr(code) if code <= sys.maxunicode else ""
