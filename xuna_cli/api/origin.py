"""The API's server, and whether the key may be sent to it."""

import ipaddress
from urllib.parse import urlsplit

from xuna_cli.errors import ConfigurationError

DEFAULT_BASE_URL = "https://api.xuna.ai"


def is_loopback(host: str) -> bool:
    """Return whether a URL's host is always this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(base_url: str) -> str:
    """Return `scheme://host[:port]` of a base URL.

    Raises:
        ConfigurationError: the key may not be sent to this URL; it must be https, or http to loopback.
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if host is None or parts.scheme not in {"http", "https"} or not base_url.isprintable() or " " in base_url:
        raise ConfigurationError(
            "the base URL is not an https:// URL", hint="check --base-url or XUNA_BASE_URL", code="url"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            "the base URL may only have a host, a port and a path",
            hint="remove the rest of the URL; the key comes from XUNA_AI_API_KEY",
            code="url",
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"the key would go to {host} unencrypted", hint="use https://", code="url-not-https"
        )
    default = {"http": 80, "https": 443}[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in {None, default} else "")
