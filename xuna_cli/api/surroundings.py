"""Settings of the environment for connections to the API: proxy and trusted certificates."""

import os
import ssl
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpcore

from xuna_cli.api.connection import PORTS, Proxy
from xuna_cli.api.origin import is_loopback
from xuna_cli.errors import ConfigurationError


def trusted(*, speaks_tls: bool = True) -> ssl.SSLContext:
    """Return TLS settings that trust the authorities of SSL_CERT_FILE or SSL_CERT_DIR (default: certifi's).

    Args:
        speaks_tls: whether TLS will be used; if not, the authorities are not loaded, which takes time.

    Raises:
        OSError: the authorities can't be read.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not speaks_tls:
        if named := file or folder:
            Path(named).stat()  # report a wrong setting in any case
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # it trusts no authority
    if file:
        context = ssl.create_default_context(cafile=file)
    elif folder:
        context = ssl.create_default_context(capath=folder)
    else:
        import certifi  # noqa: PLC0415 - only where it is needed

        context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def proxy_for(base_url: str) -> Proxy | None:
    """Return the proxy for requests to a URL; None for a direct connection.

    Raises:
        ConfigurationError: NO_PROXY is invalid.
        ValueError: the proxy's URL is not an http or https URL.
    """
    _, named = _proxy_setting(base_url)
    if named is None:
        return None
    import httpx  # noqa: PLC0415 - only where there is a proxy: it costs 80 ms

    try:
        proxy = httpx.URL(named)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None
    port = proxy.port or PORTS.get(proxy.scheme)
    if port is None or proxy.scheme not in PORTS:
        raise ValueError(proxy.scheme)
    credentials = f"{proxy.username}:{proxy.password}".encode() if proxy.userinfo else None
    return Proxy(httpcore.Origin(proxy.raw_scheme, proxy.raw_host, port), credentials)


def proxy_of(base_url: str) -> str:
    """Describe the proxy for requests to a URL, without its credentials, and the variable that sets it.

    Raises:
        ConfigurationError: a variable is not a valid URL.
    """
    host = urlsplit(base_url).hostname or ""
    if is_loopback(host):
        return "none, because this machine is reached directly"
    pattern, proxy = _proxy_setting(base_url)
    if pattern is None:
        return "none"
    if proxy is None:
        return f"none for {host}, from {_variable('no')}"
    return f"{_masked(proxy)}, from {_variable(pattern.partition('://')[0])}"


def _proxy_setting(base_url: str) -> tuple[str | None, str | None]:
    """Return the pattern of the environment's setting that applies to a URL, and the proxy, if it sets one."""
    names_a_proxy = any(name.lower().endswith("_proxy") for name in os.environ)
    if is_loopback(urlsplit(base_url).hostname or ""):  # the sandbox never needs a proxy
        return None, None
    if not names_a_proxy and sys.platform != "darwin":  # macOS also has system settings
        return None, None
    # httpx's interpretation of the environment, because people know it.
    import httpx  # noqa: PLC0415 - only where there may be a proxy
    from httpx._utils import URLPattern, get_environment_proxies  # noqa: PLC0415 - likewise

    proxies = get_environment_proxies()
    try:
        patterns = sorted(URLPattern(pattern) for pattern in proxies)
    except (ValueError, httpx.InvalidURL):
        raise ConfigurationError(
            "NO_PROXY can't be understood", hint="separate the hosts with commas", code="proxy"
        ) from None
    url = httpx.URL(base_url)
    found = next((each.pattern for each in patterns if each.matches(url)), None)
    return found, proxies[found] if found is not None else None


def certificates() -> str:
    """Describe the trusted authorities, and the variable that sets them."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if path := os.environ.get(name):
            trusted = f"{path}, from {name} in the environment"
            break
    else:
        trusted = "the certificate authorities of certifi"
    if log := os.environ.get("SSLKEYLOGFILE"):  # Python's ssl uses it, too
        trusted += f"; the keys of all connections are written to {log} (SSLKEYLOGFILE)"
    return trusted


def _variable(kind: str) -> str:
    """Return the variable that urllib's `getproxies` reads; the lower-case name comes first."""
    names = (f"{kind}_proxy", f"{kind}_proxy".upper())
    found = next((name for name in names if os.environ.get(name)), None)
    return f"{found} in the environment" if found else "the system's settings"


def _masked(proxy: str) -> str:
    parts = urlsplit(proxy)
    _, secret, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{'…@' if secret else ''}{host}"
