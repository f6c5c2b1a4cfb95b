"""Where a ledger is: a file, or a database by its URL."""

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SCHEMES = ("postgresql://", "postgres://")
HIDDEN = "postgresql://…"


class ServerUrl:
    """A `postgresql://` URL; it shows itself without the password, and without anything it may hide in."""

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        self._url = url

    def reveal(self) -> str:
        """Return the URL, for the one place that needs it."""
        return self._url

    def __str__(self) -> str:
        return _shown(self._url)

    def __repr__(self) -> str:
        return f"ServerUrl({self})"


Location = Path | ServerUrl


def is_server_url(text: str) -> bool:
    """Return whether text is meant as the URL of a PostgreSQL server."""
    return text.lower().startswith(SCHEMES)


def _shown(url: str) -> str:
    try:
        parts = urlsplit(url)
        name, _, host = parts.netloc.rpartition("@")
        if any("@" in rest for rest in (parts.path, parts.query, parts.fragment)):
            return HIDDEN  # a password with a character that a URL would encode: its end is anywhere
        ports = [one.rpartition(":")[2] for one in host.split(",") if ":" in one.rpartition("]")[2]]
        if not all(port.isdecimal() for port in ports):
            return HIDDEN
        query = parse_qs(parts.query)
    except ValueError:
        return HIDDEN
    user = name.partition(":")[0]
    rest = "&".join(f"{key}={quote(query[key][0], safe='/')}" for key in ("host", "port") if key in query)
    return f"postgresql://{user + '@' if user else ''}{host}{parts.path}{'?' + rest if rest else ''}"
