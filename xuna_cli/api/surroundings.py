"""What httpx takes from the environment for the way to the API: a proxy, and whom to trust."""

import os
from urllib.parse import urlsplit

import httpx

# httpx's own reading of the environment, so that what is shown is what is used.
from httpx._utils import URLPattern, get_environment_proxies

from xuna_cli.api.origin import is_loopback
from xuna_cli.errors import ConfigurationError


def proxy_of(base_url: str) -> str:
    """Say through which proxy requests to a URL go, without its credentials, and which variable names it.

    Raises:
        ConfigurationError: if a variable holds what is no URL.
    """
    url = httpx.URL(base_url)
    if is_loopback(url.host):
        return "none: this machine is reached directly"
    proxies = get_environment_proxies()
    try:
        patterns = sorted(URLPattern(pattern) for pattern in proxies)
    except (ValueError, httpx.InvalidURL):
        raise ConfigurationError(
            "NO_PROXY can't be understood", hint="name hosts with commas between them", code="proxy"
        ) from None
    found = next((each.pattern for each in patterns if each.matches(url)), None)
    if found is None:
        return "none"
    proxy = proxies[found]
    if proxy is None:
        return f"none for {url.host}, from {_variable('no')}"
    return f"{_masked(proxy)}, from {_variable(found.partition('://')[0])}"


def certificates() -> str:
    """Say which authorities are trusted, and which variable names them."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if path := os.environ.get(name):
            trusted = f"{path}, from environment ({name})"
            break
    else:
        trusted = "the authorities that come with certifi"
    if log := os.environ.get("SSLKEYLOGFILE"):  # Python's ssl obeys it, too
        trusted += f"; the keys of all connections are written to {log} (SSLKEYLOGFILE)"
    return trusted


def _variable(kind: str) -> str:
    """Return the variable that urllib's `getproxies` reads; the lower case wins."""
    names = (f"{kind}_proxy", f"{kind}_proxy".upper())
    found = next((name for name in names if os.environ.get(name)), None)
    return f"environment ({found})" if found else "the system's settings"


def _masked(proxy: str) -> str:
    parts = urlsplit(proxy)
    _, secret, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{'…@' if secret else ''}{host}"
