"""What httpx takes from the environment for the way to the API: a proxy, and whom to trust."""

import os
from urllib.parse import urlsplit

import httpcore
import httpx

# httpx's own reading of the environment, so that what is shown is what is used.
from httpx._utils import URLPattern, get_environment_proxies

from xuna_cli.api.connection import Proxy
from xuna_cli.api.origin import is_loopback
from xuna_cli.errors import ConfigurationError


def proxy_for(url: httpx.URL) -> Proxy | None:
    """Return the proxy through which requests to a URL go; None: directly.

    Raises:
        ConfigurationError: if NO_PROXY can't be understood.
        ValueError: if the proxy's URL is none that is spoken to: http or https.
        httpx.InvalidURL: if it is no URL.
    """
    _, named = _proxy_setting(url)
    if named is None:
        return None
    proxy = httpx.URL(named)
    port = {"http": 80, "https": 443}.get(proxy.scheme)
    if port is None:
        raise ValueError(proxy.scheme)
    credentials = f"{proxy.username}:{proxy.password}".encode() if proxy.userinfo else None
    return Proxy(httpcore.Origin(proxy.raw_scheme, proxy.raw_host, proxy.port or port), credentials)


def proxy_of(base_url: str) -> str:
    """Say through which proxy requests to a URL go, without its credentials, and which variable names it.

    Raises:
        ConfigurationError: if a variable holds what is no URL.
    """
    url = httpx.URL(base_url)
    if is_loopback(url.host):
        return "none: this machine is reached directly"
    pattern, proxy = _proxy_setting(url)
    if pattern is None:
        return "none"
    if proxy is None:
        return f"none for {url.host}, from {_variable('no')}"
    return f"{_masked(proxy)}, from {_variable(pattern.partition('://')[0])}"


def _proxy_setting(url: httpx.URL) -> tuple[str | None, str | None]:
    """Return the pattern of the environment's setting that decides about a URL, and its proxy, if it is one."""
    if is_loopback(url.host):  # a proxy has no business with the sandbox
        return None, None
    proxies = get_environment_proxies()
    try:
        patterns = sorted(URLPattern(pattern) for pattern in proxies)
    except (ValueError, httpx.InvalidURL):
        raise ConfigurationError(
            "NO_PROXY can't be understood", hint="name hosts with commas between them", code="proxy"
        ) from None
    found = next((each.pattern for each in patterns if each.matches(url)), None)
    return found, proxies[found] if found is not None else None


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
