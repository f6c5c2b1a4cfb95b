"""Locations of ledgers: a file, or the URL of a database."""

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SCHEMES = ("postgresql://", "postgres://")
HIDDEN = "postgresql://…"


class ServerUrl:
    """A `postgresql://` URL whose `str` and `repr` leave out the password and whatever may contain it."""

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        self._url = url

    def reveal(self) -> str:
        """Return the full URL, for opening the connection."""
        return self._url

    def __str__(self) -> str:
        return _shown(self._url)

    def __repr__(self) -> str:
        return f"ServerUrl({self})"


Location = Path | ServerUrl


def is_server_url(text: str) -> bool:
    """Return whether text looks like the URL of a PostgreSQL server."""
    return text.lower().startswith(SCHEMES)


def _shown(url: str) -> str:
    try:
        parts = urlsplit(url)
        name, _, host = parts.netloc.rpartition("@")
        if any("@" in rest for rest in (parts.path, parts.query, parts.fragment)):
            return HIDDEN  # an unencoded character in the password: its end is unknown
        ports = [one.rpartition(":")[2] for one in host.split(",") if ":" in one.rpartition("]")[2]]
        if not all(port.isdecimal() for port in ports):
            return HIDDEN
        query = parse_qs(parts.query)
    except ValueError:
        return HIDDEN
    user = name.partition(":")[0]
    rest = "&".join(f"{key}={quote(query[key][0], safe='/')}" for key in ("host", "port") if key in query)
    return f"postgresql://{user + '@' if user else ''}{host}{parts.path}{'?' + rest if rest else ''}"
