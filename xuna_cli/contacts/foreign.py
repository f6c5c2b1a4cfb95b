"""Recognize files that are not lists by their first characters, and explain how to make a list of them."""

import re

from xuna_cli.errors import InputError
from xuna_cli.lazy_pattern import lazy_pattern

_EXPORT = "export the contacts as CSV from the program that made this file"
_KINDS = (
    (
        lazy_pattern(r"BEGIN:VCARD", re.IGNORECASE),
        "a vCard file",
        f"{_EXPORT} (Google Contacts: Export, Google CSV.)",
    ),
    (lazy_pattern(r"BEGIN:VCALENDAR", re.IGNORECASE), "a calendar file", _EXPORT),
    (lazy_pattern(r"dn:+ ", re.IGNORECASE), "an LDIF file", _EXPORT),
    (
        lazy_pattern(r"\{\\rtf"),
        "an RTF document",
        "copy the list into a spreadsheet program and save it as CSV",
    ),
    (
        lazy_pattern(r"ID;P\w*(?:;[NE])*\s*(?:$|[\r\n]+[A-Z]{1,3};)"),
        "a SYLK file",
        "open the file in a spreadsheet program and save it as XLSX or CSV",
    ),
    (
        lazy_pattern(r"<!doctype html|<html|<head|<body|<table|<meta", re.IGNORECASE),
        "an HTML page, not a list",
        "open the file in a browser: it may be a login page or an error; if it shows the list, save it as XLSX or CSV",
    ),
    (
        lazy_pattern(r"<\?xml|<\w+[ >]"),
        "an XML file",
        "open the file in a spreadsheet program and save it as XLSX or CSV",
    ),
)


def check_not_foreign(text: str, name: str) -> None:
    """Check that a text can be a list.

    Args:
        text: the first characters of the file.
        name: name of the list in messages.

    Raises:
        InputError: the file is something else.
    """
    start = text.lstrip("\ufeff \t\r\n")[:200]
    for pattern, what, advice in _KINDS:
        if pattern.match(start):
            raise InputError(f"{name} is {what}", hint=advice, code="input-foreign")
