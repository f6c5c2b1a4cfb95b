"""From a file to text: opening, what the first bytes say, and decoding without a guess."""

import codecs
import hashlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from xuna_cli.errors import InputError, UsageError

_Row = TypeVar("_Row")

HASHED_AT_ONCE = 2**20  # bytes
HEAD_SIZE = 64 * 1024  # bytes looked at before a format and an encoding are chosen
# The longest line or JSON value, in characters. No contact comes near it, and what has no end in sight
# (a device, a damaged file) must not be read into memory whole.
LONGEST = 16 * 1024 * 1024

# UTF-32 stands first: its little-endian mark begins with UTF-16's.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile(r"\r\n?|\n")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK_MARKS = (_ZIP, _OLE)
_WORKBOOK, _ARCHIVE, _DOCUMENT = (
    "Add `--format xlsx`.",
    "Unpack the archive first.",
    "Export the list as CSV first.",
)
# What a zip archive is by the parts that it has.
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
    """The bytes under a list: whose they are, how they decode, and what to say when they can't be read.

    Args:
        path: the file; one that is handed in open has to be seekable, and is left open.
        name: what messages call the list.

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
                    f"{name} is a pipe, not a file.", hint="Pipe the list into `xuna batch-call -` instead."
                )
            if not self.head():
                raise InputError(f"{name} is empty.", hint="A list needs a header row and contacts below it.")
        except OSError as error:
            self.close()
            raise self._unreadable(error) from error
        except BaseException:
            self.close()
            raise

    def head(self) -> bytes:
        """Return the first bytes, `HEAD_SIZE` at most, and rewind."""
        self.file.seek(0)
        head = self.file.read(HEAD_SIZE)
        self.file.seek(0)
        return head

    def sha256(self) -> str:
        """Return the hash of all bytes; whoever reads goes on where they were.

        Raises:
            InputError: they can't be read.
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
        """Return the first characters, as far as they can be decoded, and rewind; raises as `choose_encoding`."""
        head = self.head()
        codec, skip = choose_encoding(head, encoding)
        return head[skip : skip + 4096].decode(codec, "ignore")

    def text(self, encoding: str | None, *, newline: str | None = None) -> io.TextIOWrapper:
        r"""Decode the file strictly, from behind its byte order mark.

        Args:
            encoding: a name that Python knows; None takes the byte order mark's, else UTF-8.
            newline: what ends a line, as in `open`, never translated; None takes it from the first line.

        Raises:
            InputError: the file is not text.
            UsageError: there is no such encoding.
        """
        head = self.head()
        if binary := self._binary(head):
            kind, hint = binary
            raise InputError(f"{self.name} is {kind}, not text.", hint=hint, code="input-binary")
        codec, skip = choose_encoding(head, encoding)
        if not encoding and (wide := _without_a_mark(head)):
            raise InputError(
                f"{self.name} looks like UTF-16 without a byte order mark, not UTF-8.",
                hint=f"Save the file as UTF-8, or add `--encoding {wide}`.",
                code="input-binary",
            )
        self.file.seek(skip)
        if newline is None:
            newline = _line_end(head[skip:].decode(codec, "ignore"))
        self._text = io.TextIOWrapper(self.file, encoding=codec, errors="strict", newline=newline)
        return self._text

    def guard(self, rows: Iterator[_Row]) -> Iterator[_Row]:
        """Yield the rows as they are.

        Raises:
            InputError: a byte doesn't decode (the line is named), or the disk fails.
        """
        try:
            yield from rows
        except UnicodeError:
            raise self._undecodable() from None
        except OSError as error:
            raise self._unreadable(error) from error

    def close(self) -> None:
        """Close the file, or let go of the one that was handed in; a second time does nothing."""
        if self._text is not None and not self.file.closed:
            # Else the wrapper would close the caller's file when it is collected.
            self._text.detach()
            self._text = None
        if self._owned:
            self.file.close()

    def _binary(self, head: bytes) -> tuple[str, str] | None:
        """Return what a file is that is no text, and what to do; None: it may be text."""
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
            f"{self.name} can't be read: {error.strerror or error}.",
            hint="Copy the file to a local disk and try again.",
        )

    def _undecodable(self) -> InputError:
        """Return the error that names the first line with bytes that are not of the encoding."""
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
            # Bytes before the bad one may wait in the decoder, and are in the error's object.
            line += _line_ends(error.object[: error.start].decode(encoding, "ignore"), last)
            where = f", line {line}"
            why = f": the byte 0x{error.object[error.start]:02x} ({error.reason})"
        except UnicodeError as error:
            why = f": {error}"
        return InputError(
            f"{self.name}{where} is not {encoding.upper()}{why}.",
            hint="Save the file as UTF-8, or name its encoding, e.g. `--encoding cp1252` (Western Excel).",
            code="input-encoding",
        )


def _open(path: Path, name: str) -> BinaryIO:
    if not name:
        hint = "Name a file. Perhaps a variable in the command is not set."
        raise InputError("the name of the list is empty.", hint=hint)
    try:
        return path.open("rb")
    except FileNotFoundError:
        hint = "Check the path and the current folder."
        raise InputError(f"{name} does not exist.", hint=hint) from None
    except IsADirectoryError:
        raise InputError(f"{name} is a folder.", hint="Name a file in that folder.") from None
    except PermissionError:
        hint = "Change the permissions of the file, or run xuna as its owner."
        raise InputError(f"{name} can't be read: permission denied.", hint=hint) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name} can't be opened: {error}.", hint="Check the path.") from error


def _parts_of_zip(file: BinaryIO) -> Sequence[str]:
    import zipfile  # noqa: PLC0415 - only for a message

    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return ()


def _without_a_mark(head: bytes) -> str:
    """Return the UTF-16 in which the file's first letters are written, without a mark; empty where they aren't."""
    low, high = head[0:8:2], head[1:8:2]
    if len(high) > 1 and any(low) != any(high):
        return "utf-16-le" if any(low) else "utf-16-be"
    return ""


def choose_encoding(head: bytes, stated: str | None) -> tuple[str, int]:
    """Return the codec for a file that begins so, and how many bytes of byte order mark to skip.

    A stated encoding wins over the mark; the mark decides between the byte orders of a stated UTF-16.

    Raises:
        UsageError: there is no such encoding, or it is not one of text.
    """
    codec = None
    if stated is not None:
        try:
            codec = codecs.lookup(stated).name
            io.TextIOWrapper(io.BytesIO(), encoding=codec)  # refuses codecs that are not for text
        except (LookupError, ValueError):
            raise UsageError(
                f"--encoding {stated} is not a known text encoding.",
                hint="Common ones are utf-8, utf-16, cp1252 (Western Excel), cp1250, latin-1 and shift_jis.",
            ) from None
    for mark, marked in _BYTE_ORDER_MARKS:
        if head.startswith(mark) and (codec is None or marked.startswith(codec)):
            return marked, len(mark)
    return codec or "utf-8", 0


def lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    """Yield each line with its end.

    Raises:
        InputError: a line holds a NUL character, or has no end within `LONGEST` characters.
    """
    for number, line in enumerate(iter(partial(text.readline, LONGEST), ""), 1):
        if "\0" in line:
            raise InputError(
                f"{name}, line {number}, contains a NUL character: the file is not text, or it is UTF-16.",
                hint="Save the file as UTF-8, or name its encoding, e.g. `--encoding utf-16-le`.",
                code="input-binary",
            )
        if len(line) == LONGEST:
            raise InputError(
                f"{name}, line {number}, is longer than {LONGEST:,} characters.",
                hint="Check that the file is a contact list and not damaged.",
            )
        yield line


def _line_end(text: str) -> str:
    r"""Return the `newline` to decode with: `\n`, or "" where a lone `\r` ends the first line (old Macs).

    With "" a stray `\r` inside a cell would make two rows of one; with `\n` the csv module refuses it.
    """
    first = _LINE_END.search(text)
    return "" if first and first[0] == "\r" else "\n"


def _line_ends(text: str, last: str) -> int:
    r"""Count `\n`, `\r` and `\r\n` as one each; `last` is the character before the text."""
    ends = text.count("\n") + text.count("\r") - text.count("\r\n")
    return ends - (last == "\r" and text.startswith("\n"))
