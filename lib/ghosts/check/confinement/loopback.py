"""Which addresses are on this machine's loopback interface."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

LOCALHOST: Final = ("127.0.0.1", "::1")
"""The addresses of ``localhost``, whatever a name server would answer."""


def numeric(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that ``host`` spells out, ``None`` if it is a name.

    An IPv4 address in the form of an IPv6 one, such as ``::ffff:127.0.0.1``, is returned as IPv4.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is ``localhost`` or a numeric loopback address.

    Any other name is not, even if it would resolve to one: nothing is looked up.
    """
    address = numeric(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def is_unspecified(host: str) -> bool:
    """Return whether ``host`` is empty, ``0.0.0.0`` or ``::``.

    Bound to, it is every interface; connected to, it is this machine.
    """
    address = numeric(host)
    return not host if address is None else address.is_unspecified
