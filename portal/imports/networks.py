"""Where the portal may go for a source: addresses read once, and networks judged.

Pure. What an editor types is parsed here and nowhere else, and the connection goes to what was
parsed: no second program gets to read the same letters differently. Names are not judged by how
they look, only by the IP addresses that they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urljoin, urlsplit

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

MOST_LETTERS = 2000
# Calendars are handed round as webcal addresses; what is behind them is a web server.
SCHEMES = {"https": "https", "http": "http", "webcal": "https", "webcals": "https"}
PORTS = {"https": 443, "http": 80}

# What is not the open internet: the IANA special-purpose registry (RFC 6890 and its successors).
# `IPv4Address.is_global` would say much of this, but differently from one Python to the next.
INNER = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # between a provider and its customers
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public, and is the inside of every machine in Azure
        "169.254.0.0/16",  # link-local, and what clouds tell their machines
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # for examples, as 198.51.100 and 203.0.113
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # measuring
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# Of IPv6 only this is given out to the world. What wraps an IPv4 address or stands for a tunnel
# is refused as a whole: nobody publishes a calendar behind 6to4 or Teredo.
OPEN_6 = IPv6Network("2000::/3")
INNER_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # for examples, as 3fff::/20
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
# Where there is no IPv4, every IPv4 host looks like this (RFC 6052): the inner half is judged.
NAT64 = IPv6Network("64:ff9b::/96")

PLACE = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[^\[\]:@]+))(?::(?P<port>[0-9]{0,5}))?")
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Unreachable(Exception):
    """A source was not fetched; `code` says why, `facts` with what. Words: imports/words.py."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class Target:
    """An address, read: `host` is a lower-case name in ASCII or an IP address without brackets,
    `path` begins with a slash and holds the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_https(self) -> bool:
        return self.scheme == "https"

    @property
    def place(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.place}{self.path}"

    @property
    def ip(self) -> IPAddress | None:
        """The IP address, where the address names one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    def follow(self, location: str) -> Target:
        """Where a redirect leads; raises Unreachable as `read_address` does."""
        try:
            return read_address(urljoin(self.address, location.strip()))
        except ValueError as error:
            raise Unreachable("not_an_address") from error


def read_address(address: str) -> Target:
    """An address as somebody typed it; raises Unreachable: not_an_address, not_https (a scheme
    that nobody fetches), has_password.

    Spellings that programs read in different ways (10.1, 0x7f000001, 017.0.0.1, backslashes,
    signs that are not seen) are refused rather than guessed.
    """
    address = address.strip()
    if len(address) > MOST_LETTERS or "\\" in address or not address.isprintable():
        raise Unreachable("not_an_address")
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise Unreachable("not_an_address") from error
    if not parts.scheme or not parts.netloc:
        raise Unreachable("not_an_address")
    if parts.scheme not in SCHEMES:
        raise Unreachable("not_https")
    if "@" in parts.netloc:
        raise Unreachable("has_password")
    place = PLACE.fullmatch(parts.netloc)
    if not place:
        raise Unreachable("not_an_address")
    scheme = SCHEMES[parts.scheme]
    port = int(place["port"] or PORTS[scheme])
    if not 1 <= port <= 65535:
        raise Unreachable("not_an_address")
    host = _ipv6(place["v6"]) if place["v6"] else _name(place["name"])
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~?") if parts.query else ""
    return Target(scheme, host, port, path + query)


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError as error:
        raise Unreachable("not_an_address") from error


def _name(text: str) -> str:
    """A host name in the letters that DNS knows, or an IPv4 address with four plain numbers."""
    try:
        name = text.encode("idna").decode("ascii").lower().removesuffix(".")
        labels = name.split(".")
        # A name whose last part is a number is an IPv4 address to some programs.
        if NUMBER.fullmatch(labels[-1]):
            return str(IPv4Address(name))
    except ValueError as error:
        raise Unreachable("not_an_address") from error
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise Unreachable("not_an_address")
    return name


def is_inner(ip: IPAddress) -> bool:
    """Whether an IP address is anything but a host on the open internet."""
    if isinstance(ip, IPv4Address):
        return any(ip in network for network in INNER)
    if ip.ipv4_mapped:
        return is_inner(ip.ipv4_mapped)
    if ip in NAT64:
        return is_inner(IPv4Address(int(ip) & 0xFFFFFFFF))
    return ip not in OPEN_6 or any(ip in network for network in INNER_6)


def judge(
    target: Target, found: Sequence[IPAddress], allowed: Sequence[IPNetwork]
) -> tuple[IPAddress, ...]:
    """The IP addresses to connect to, of those `found` for the target's name.

    All of them have to be good, because any of them may be tried; and a name that stands for the
    open internet and an inner network at once is a trap or a mistake, which somebody should see.
    In `allowed` networks plain http and any port will do, elsewhere only https on port 443: the
    portal is no instrument for trying other people's doors.
    Raises Unreachable: unknown_host, inner_network, not_https, bad_port.
    """
    if not found:
        raise Unreachable("unknown_host", host=target.host)
    ips = tuple(dict.fromkeys(map(_unwrapped, found)))
    for ip in ips:
        if any(ip in network for network in allowed):
            continue
        if is_inner(ip):
            raise Unreachable("inner_network", host=target.host)
        if not target.is_https:
            raise Unreachable("not_https")
        if target.port != PORTS["https"]:
            raise Unreachable("bad_port", port=target.port)
    return ips


def _unwrapped(ip: IPAddress) -> IPAddress:
    """An IPv4 address that comes dressed as IPv6 is an IPv4 address."""
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
