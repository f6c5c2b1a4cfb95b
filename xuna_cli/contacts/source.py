"""From a file to text: open it, check its first bytes, and decode it without guessing."""

import codecs
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from xuna_cli.errors import InputError, UsageError, reason_of
from xuna_cli.lazy_pattern import lazy_pattern

_Row = TypeVar("_Row")

HASHED_AT_ONCE = 2**20  # bytes
HEAD_SIZE = 64 * 1024  # bytes to read before choosing a format and an encoding
# Maximum number of characters of a line or JSON value. Contacts are far smaller, and an endless line (a device, a
# damaged file) must not be read into memory.
LONGEST = 16 * 1024 * 1024

# Codecs of Python that no file is written in; some of them fail at characters that others would only skip.
_NOT_OF_FILES = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})

# UTF-32 comes first, because its little-endian mark begins with UTF-16's.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = lazy_pattern(r"\r\n?|\n")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK_MARKS = (_ZIP, _OLE)
_WORKBOOK, _ARCHIVE, _DOCUMENT = (
    "add `--format xlsx`",
    "unpack the archive first",
    "export the list as CSV first",
)
# Kinds of zip archives, recognized by a part that they contain.
_ZIPPED = (
    ("xl/workbook.xml", "an Excel workbook", _WORKBOOK),
    ("xl/workbook.bin", "an Excel workbook", _WORKBOOK),
    ("word/document.xml", "a Word document", _DOCUMENT),
    ("ppt/presentation.xml", "a presentation", _DOCUMENT),
    ("content.xml", "an OpenDocument file", _WORKBOOK),
)
_ARCHIVES = {
    b"\x1f\x8b": "a gzip archive",
    **{b"BZh%d1AY&SY" % level: "a bzip2 archive" for level in range(1, 10)},
    b"\xfd7zXZ\0": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"Rar!\x1a\x07": "a RAR archive",
}
_DOCUMENTS = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
}


class Source:
    """The bytes of a list: the file, its decoding, and its errors.

    Args:
        path: the file, or an open file, which must be seekable and is left open.
        name: name of the list in messages.

    Raises:
        InputError: the file is missing, a directory, unreadable, a pipe or empty.
    """

    def __init__(self, path: Path | BinaryIO, name: str) -> None:
        self.name = name
        self.file = _open(path, name) if isinstance(path, Path) else path
        self._owned = isinstance(path, Path)
        self._text: io.TextIOWrapper | None = None
        try:
            if not self.file.seekable():
                raise InputError(
                    f"{name} is a pipe, not a file", hint="pipe the list into `xuna batch-call -` instead"
                )
            self._state = self._state_now()
            if not self.head():
                raise InputError(f"{name} is empty", hint="a list needs a header row and contacts below it")
        except OSError as error:
            self.close()
            raise self._unreadable(error) from error
        except BaseException:
            self.close()
            raise

    def head(self) -> bytes:
        """Return the first bytes (at most `HEAD_SIZE`), and rewind."""
        self.file.seek(0)
        head = self.file.read(HEAD_SIZE)
        self.file.seek(0)
        return head

    def _state_now(self) -> tuple[int, int] | None:
        if not self._owned or self.file.closed:
            return None
        state = os.fstat(self.file.fileno())
        return state.st_size, state.st_mtime_ns

    def was_changed(self) -> bool:
        """Return whether the file was written to since it was opened; False for an open file that was passed in."""
        now = self._state_now()
        return now is not None and now != self._state

    def sha256(self) -> str:
        """Return the hash of all bytes, without moving the reading position.

        Raises:
            InputError: the file can't be read.
        """
        digest, place = hashlib.sha256(), 0
        try:
            while part := os.pread(self.file.fileno(), HASHED_AT_ONCE, place):
                digest.update(part)
                place += len(part)
        except OSError as error:
            raise self._unreadable(error) from error
        return digest.hexdigest()

    def start(self, encoding: str | None) -> str:
        """Return the first characters that can be decoded, and rewind. Raises the errors of `choose_encoding`."""
        head = self.head()
        codec, skip = choose_encoding(head, encoding)
        return head[skip : skip + 4096].decode(codec, "ignore")

    def text(self, encoding: str | None, *, newline: str | None = None) -> io.TextIOWrapper:
        r"""Decode the file strictly, after its byte order mark.

        Args:
            encoding: an encoding that Python knows (default: from the byte order mark, or else UTF-8).
            newline: line end as in `open`, never translated (default: from the first line).

        Raises:
            InputError: the file is not text.
            UsageError: the encoding does not exist.
        """
        head = self.head()
        if binary := self._binary(head):
            kind, hint = binary
            raise InputError(f"{self.name} is {kind}, not text", hint=hint, code="input-binary")
        codec, skip = choose_encoding(head, encoding)
        if not encoding and (wide := _without_a_mark(head)):
            raise InputError(
                f"{self.name} looks like UTF-16 without a byte order mark, not UTF-8",
                hint=f"save the file as UTF-8, or add `--encoding {wide}`",
                code="input-binary",
            )
        self.file.seek(skip)
        if newline is None:
            newline = _line_end(head[skip:].decode(codec, "ignore"))
        self._text = io.TextIOWrapper(self.file, encoding=codec, errors="strict", newline=newline)
        return self._text

    def guard(self, rows: Iterator[_Row]) -> Iterator[_Row]:
        """Yield the rows unchanged.

        Raises:
            InputError: a byte can't be decoded (the error names the line), or the disk fails.
        """
        try:
            yield from rows
        except UnicodeError:
            raise self._undecodable() from None
        except OSError as error:
            raise self._unreadable(error) from error

    def close(self) -> None:
        """Close the file, or release an open file that was passed in. Closing twice is allowed."""
        if self._text is not None and not self.file.closed:
            # Otherwise garbage collection of the wrapper would close the caller's file.
            self._text.detach()
            self._text = None
        if self._owned:
            self.file.close()

    def _binary(self, head: bytes) -> tuple[str, str] | None:
        """Return the kind of a file that is not text, and what to do with it; None if it may be text."""
        if head.startswith(_OLE):
            return "an old Excel workbook or another Office document", _WORKBOOK
        if head.startswith(_ZIP):
            parts = _parts_of_zip(self.file)
            found = (each for each in _ZIPPED if each[0] in parts)
            _, kind, hint = next(found, ("", "a zip archive", _ARCHIVE))
            return kind, hint
        for marks, hint in ((_ARCHIVES, _ARCHIVE), (_DOCUMENTS, _DOCUMENT)):
            for mark, kind in marks.items():
                if head.startswith(mark):
                    return kind, hint
        return None

    def _unreadable(self, error: OSError) -> InputError:
        return InputError(
            f"{self.name} can't be read: {reason_of(error)}",
            hint="copy the file to a local disk and try again",
        )

    def _undecodable(self) -> InputError:
        """Return the error that names the first line with bytes that are invalid in the encoding."""
        encoding = self._text.encoding if self._text is not None else "utf-8"
        _, skip = choose_encoding(self.head(), encoding)
        self.file.seek(skip)
        decoder = codecs.getincrementaldecoder(encoding)()
        line, last = 1, ""
        where, why = "", ""
        try:
            for chunk in iter(partial(self.file.read, HEAD_SIZE), b""):
                text = decoder.decode(chunk)
                line += _line_ends(text, last)
                last = text[-1:] or last
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            # The decoder may hold bytes before the invalid one; they are in the exception's object.
            line += _line_ends(error.object[: error.start].decode(encoding, "ignore"), last)
            where = f", line {line}"
            why = f" (byte 0x{error.object[error.start]:02x})"
        except UnicodeError as error:
            why = f" ({error})"
        return InputError(
            f"{self.name}{where} is not {encoding.upper()}{why}",
            hint="save the file as UTF-8, or name its encoding, e.g. `--encoding cp1252` (Western Excel)",
            code="input-encoding",
        )


def _open(path: Path, name: str) -> BinaryIO:
    if not name:
        hint = "name a file; perhaps a variable in the command is not set"
        raise InputError("the name of the list is empty", hint=hint)
    try:
        return path.open("rb")
    except FileNotFoundError:
        hint = "check the path and the current folder"
        raise InputError(f"{name} does not exist", hint=hint) from None
    except IsADirectoryError:
        raise InputError(f"{name} is a folder", hint="name a file in that folder") from None
    except PermissionError:
        hint = "change the permissions of the file, or run xuna as its owner"
        raise InputError(f"{name} can't be read: permission denied", hint=hint) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name} can't be opened: {error}", hint="check the path") from error


def _parts_of_zip(file: BinaryIO) -> Sequence[str]:
    import zipfile  # noqa: PLC0415 - only for a message

    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return ()


def _without_a_mark(head: bytes) -> str:
    """Return the UTF-16 variant of a file that begins with letters in UTF-16 without a mark; otherwise empty."""
    low, high = head[0:8:2], head[1:8:2]
    if len(high) > 1 and any(low) != any(high):
        return "utf-16-le" if any(low) else "utf-16-be"
    return ""


def choose_encoding(head: bytes, stated: str | None) -> tuple[str, int]:
    """Return the codec for a file that begins with `head`, and the length of its byte order mark.

    A stated encoding overrides the mark; the mark only chooses the byte order of a stated UTF-16.

    Raises:
        UsageError: the encoding does not exist, or is not for text.
    """
    codec = None
    if stated is not None:
        try:
            codec = codecs.lookup(stated).name
            if codec in _NOT_OF_FILES:
                raise LookupError(codec)
            io.TextIOWrapper(io.BytesIO(), encoding=codec)  # it refuses codecs that are not for text
        except (LookupError, ValueError):
            raise UsageError(
                f"--encoding {stated} is not a known text encoding",
                hint="common ones are utf-8, utf-16, cp1252 (Western Excel), cp1250, latin-1 and shift_jis",
            ) from None
    for mark, marked in _BYTE_ORDER_MARKS:
        if head.startswith(mark) and (codec is None or marked.startswith(codec)):
            return marked, len(mark)
    return codec or "utf-8", 0


def lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    """Yield each line with its line end.

    Raises:
        InputError: a line contains NUL, or is longer than `LONGEST`.
    """
    for number, line in enumerate(iter(partial(text.readline, LONGEST), ""), 1):
        if "\0" in line:
            raise InputError(
                f"{name}, line {number}, contains a NUL character: the file is not text, or it is UTF-16",
                hint="save the file as UTF-8, or name its encoding, e.g. `--encoding utf-16-le`",
                code="input-binary",
            )
        if len(line) == LONGEST:
            raise InputError(
                f"{name}, line {number}, is longer than {LONGEST:,} characters",
                hint="check that the file is a contact list and not damaged",
            )
        yield line


def _line_end(text: str) -> str:
    r"""Return the `newline` for decoding: `\n`, or "" if a single `\r` ends the first line (old Macs).

    With "", a stray `\r` inside a cell would split a row in two; with `\n`, the csv module refuses it.
    """
    first = _LINE_END.search(text)
    return "" if first and first[0] == "\r" else "\n"


def _line_ends(text: str, last: str) -> int:
    r"""Count line ends (`\n`, `\r` and `\r\n`); `last` is the character before the text."""
    ends = text.count("\n") + text.count("\r") - text.count("\r\n")
    return ends - (last == "\r" and text.startswith("\n"))
