"""Addresses: what is read from which spelling, and which networks nobody is sent to."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports.networks import Unreachable, is_inner, judge, read_address

# Written down here once more, from the IANA registries, and not taken from the module.
INNER_4 = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "168.63.129.16/32",
]
INNER_6 = [
    "::/96",
    "100::/8",
    "200::/7",
    "400::/6",
    "800::/5",
    "1000::/4",
    "4000::/2",
    "8000::/1",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "64:ff9b:1::/48",
]
BORDERS = ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"]
BORDERS += ["128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"]
BORDERS += ["192.167.255.255", "192.169.0.0", "223.255.255.255", "198.17.255.255", "198.20.0.0"]
BORDERS += ["1.1.1.1", "8.8.8.8", "2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1"]
BORDERS += ["2003::1", "2a00:1450::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "3ffe:ffff::1"]


def within(network: str) -> st.SearchStrategy[int]:
    """The numbers of a network's addresses; its ends come first."""
    net = ip_network(network)
    first, last = int(net.network_address), int(net.broadcast_address)
    return st.sampled_from([first, last]) | st.integers(first, last)


inner_4 = st.sampled_from(INNER_4).flatmap(within).map(IPv4Address)
inner_6 = st.sampled_from(INNER_6).flatmap(within).map(IPv6Address)
# Public by this file's own list: what no inner range holds.
public_4 = (
    st.integers(0, 2**32 - 1)
    .map(IPv4Address)
    .filter(lambda ip: not any(ip in IPv4Network(net) for net in INNER_4))
)
public_6 = (
    within("2000::/3")
    .map(IPv6Address)
    .filter(lambda ip: not any(ip in IPv6Network(net) for net in INNER_6))
)


def verdict(address: str, allowed: tuple[str, ...] = ()) -> str:
    """The code with which an address is refused that names its own IP, or an empty string. What
    it would be taken for by the system's own reading is judged as well."""
    try:
        target = read_address(address)
        ips = [target.ip] if target.ip else [ip_address(ip) for ip in by_system(target.host)]
        judge(target, [ip for ip in ips if ip], [ip_network(net) for net in allowed])
    except Unreachable as error:
        return error.code
    return ""


def by_system(host: str) -> list[str]:
    """How inet_aton, which getaddrinfo uses, reads odd numbers."""
    try:
        return [socket.inet_ntoa(socket.inet_aton(host))]
    except OSError:
        return []


def spellings(ip: IPv4Address) -> list[str]:
    a, b, c, d = ip.packed
    number = int(ip)
    wide = str.maketrans("0123456789.", "０１２３４５６７８９。")
    return [
        str(ip),
        f"{ip}.",
        f"{number}",
        f"0x{number:08x}",
        f"0X{number:X}",
        f"0{number:o}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a:03}.{b:03}.{c:03}.{d:03}",
        f"{a}.{b}.{c * 256 + d}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b:#x}.0{c:o}.{d}",
        str(ip).translate(wide),
        "".join(f"%{ord(sign):02x}" for sign in str(ip)),
        f"[::ffff:{ip}]",
        f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]",
        f"[0:0:0:0:0:FFFF:{ip}]",
        f"[::{ip}]",
        f"[64:ff9b::{ip}]",
        f"[64:ff9b:1::{ip}]",
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
        f"[2001:0:{number >> 16:x}:{number & 0xFFFF:x}::1]",
        f"[2001::{number ^ 0xFFFFFFFF:x}]" if number ^ 0xFFFFFFFF < 0x10000 else f"[::{ip}]",
    ]


@given(inner_4)
def test_no_spelling_of_an_inner_address_is_let_through(ip: IPv4Address) -> None:
    assert is_inner(ip)
    assert is_inner(ip_address(f"::ffff:{ip}"))
    for host in spellings(ip):
        assert verdict(f"https://{host}/x.ics") in ("inner_network", "not_an_address"), host
    assert verdict(f"https://{ip}/") == "inner_network"


@given(inner_6)
def test_no_inner_address_of_ipv6_is_let_through(ip: IPv6Address) -> None:
    assert is_inner(ip)
    for host in (ip.compressed, ip.exploded, ip.exploded.upper()):
        assert verdict(f"https://[{host}]/") == "inner_network"


@given(public_4, public_6)
def test_public_addresses_are_let_through(four: IPv4Address, six: IPv6Address) -> None:
    assert verdict(f"https://{four}/") == ""
    assert verdict(f"https://{four}./") == ""
    assert verdict(f"https://[{six}]/") == ""
    assert verdict(f"https://[::ffff:{four}]/") == ""
    assert verdict(f"https://[64:ff9b::{four}]/") == ""


@pytest.mark.parametrize("ip", BORDERS)
def test_beside_the_inner_ranges_the_world_begins(ip: str) -> None:
    assert not is_inner(ip_address(ip))


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_python_s_own_judgement_is_never_stricter(ip: IPv4Address) -> None:
    """Another list, kept by others: what it calls private, ours calls inner."""
    if ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_link_local:
        assert is_inner(ip)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("", "not_an_address"),
        ("example.org/x.ics", "not_an_address"),
        ("https:///x.ics", "not_an_address"),
        ("https:example.org", "not_an_address"),
        ("https://", "not_an_address"),
        ("https://.", "not_an_address"),
        ("https://a..example/", "not_an_address"),
        ("https://-a.example/", "not_an_address"),
        ("https://a b.example/", "not_an_address"),
        ("https://a%2eexample/", "not_an_address"),
        ("https://*.example/", "not_an_address"),
        ("https://" + "a" * 64 + ".example/", "not_an_address"),
        ("https://" + "a." * 130 + "example/", "not_an_address"),
        ("https://example.org/" + "a" * 2000, "not_an_address"),
        ("https://example.org:0/", "not_an_address"),
        ("https://example.org:65536/", "not_an_address"),
        ("https://example.org:x/", "not_an_address"),
        ("https://example.org:-1/", "not_an_address"),
        ("https://example.org:443:80/", "not_an_address"),
        ("https://example.org:４４３/", "not_an_address"),
        ("https://example.org\\@127.0.0.1/", "not_an_address"),
        ("https:\\\\127.0.0.1/", "not_an_address"),
        ("https://exa\tmple.org/", "not_an_address"),
        ("https://example.org/\r\nHost: x", "not_an_address"),
        ("https://example.org/\u202excs", "not_an_address"),
        ("https://[::1", "not_an_address"),
        ("https://[::1].example.org/", "not_an_address"),
        ("https://example[::1]/", "not_an_address"),
        ("https://[fe80::1%25eth0]/", "not_an_address"),
        ("https://[v1.x]/", "not_an_address"),
        ("https://[127.0.0.1]/", "not_an_address"),
        ("https://1.2.3/", "not_an_address"),
        ("https://1.2.3.4.5/", "not_an_address"),
        ("https://256.1.1.1/", "not_an_address"),
        ("https://example.0x7f/", "not_an_address"),
        ("https://a@example.org/", "has_password"),
        ("https://a:b@example.org/", "has_password"),
        ("https://example.org@127.0.0.1/", "has_password"),
        ("https://@example.org/", "has_password"),
        ("ftp://example.org/", "not_https"),
        ("file://localhost/etc/passwd", "not_https"),
        ("gopher://example.org/", "not_https"),
        ("javascript://example.org/%0aalert(1)", "not_https"),
    ],
)
def test_what_is_no_address_is_said_so(address: str, code: str) -> None:
    with pytest.raises(Unreachable) as refused:
        read_address(address)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("https://example.org", "https://example.org/"),
        ("  https://Example.ORG./x.ics \n", "https://example.org/x.ics"),
        ("HTTPS://example.org:443/x?a=1&b=2#c", "https://example.org/x?a=1&b=2"),
        ("https://example.org:/x", "https://example.org/x"),
        ("webcal://example.org/x.ics", "https://example.org/x.ics"),
        ("http://example.org:8080/", "http://example.org:8080/"),
        ("https://förskola.example/våren 2027.ics", "https://xn--frskola-90a.example/v%C3%A5ren%202027.ics"),
        ("https://example.org/a%20b?q=å", "https://example.org/a%20b?q=%C3%A5"),
        ("https://good.example#@127.0.0.1/", "https://good.example/"),
        ("https://good.example?@127.0.0.1/", "https://good.example/?@127.0.0.1/"),
        ("https://good.example/@127.0.0.1:80", "https://good.example/@127.0.0.1:80"),
        ("https://[2A00:0::1]:8443/", "https://[2a00::1]:8443/"),
        ("https://my_host.example/", "https://my_host.example/"),
    ],
)  # fmt: skip
def test_an_address_is_read_once_and_plainly(typed: str, read: str) -> None:
    target = read_address(typed)
    assert target.address == read
    assert read_address(read) == target


@given(st.text(max_size=60), st.sampled_from(["", "https://", "https://a.example", "http:"]))
def test_nothing_typed_breaks_the_reader(text: str, before: str) -> None:
    with suppress(Unreachable):
        target = read_address(before + text)
        assert (target.host + target.path).isascii()
        assert not set(target.host + target.path) & set(" \r\n\t\\")


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/y.ics", "https://a.example/y.ics"),
        ("y.ics", "https://a.example/x/y.ics"),
        ("//b.example/y", "https://b.example/y"),
        ("http://127.0.0.1:25/", "http://127.0.0.1:25/"),
        ("?page=2", "https://a.example/x/z?page=2"),
    ],
)
def test_a_redirect_is_read_from_where_it_came(location: str, leads_to: str) -> None:
    assert read_address("https://a.example/x/z").follow(location).address == leads_to


def judged(address: str, found: list[str], allowed: list[str]) -> tuple[str, ...]:
    ips, networks = map(ip_address, found), map(ip_network, allowed)
    return tuple(map(str, judge(read_address(address), [*ips], [*networks])))


@pytest.mark.parametrize(
    ("address", "found", "allowed", "code"),
    [
        ("https://a.example/", [], [], "unknown_host"),
        ("https://a.example/", ["8.8.8.8", "10.0.0.1"], [], "inner_network"),
        ("https://a.example/", ["2a00::1", "::1"], [], "inner_network"),
        ("https://a.example/", ["127.0.0.2"], ["127.0.0.1/32"], "inner_network"),
        ("https://a.example/", ["127.0.0.1", "127.0.0.2"], ["127.0.0.1/32"], "inner_network"),
        ("http://a.example/", ["8.8.8.8"], [], "not_https"),
        ("http://a.example/", ["8.8.8.8"], ["127.0.0.0/8"], "not_https"),
        ("http://a.example/", ["127.0.0.1", "8.8.8.8"], ["127.0.0.0/8"], "not_https"),
        ("https://a.example:22/", ["8.8.8.8"], ["127.0.0.0/8"], "bad_port"),
        ("https://a.example:8443/", ["8.8.8.8"], [], "bad_port"),
    ],
)
def test_all_that_a_name_stands_for_has_to_be_good(
    address: str, found: list[str], allowed: list[str], code: str
) -> None:
    with pytest.raises(Unreachable) as refused:
        judged(address, found, allowed)
    assert refused.value.code == code


def test_allowed_networks_may_be_reached_in_any_way() -> None:
    assert judged("http://a.example:5000/", ["127.0.0.1"], ["127.0.0.0/8"]) == ("127.0.0.1",)
    assert judged("http://[::1]:5000/", ["::1"], ["127.0.0.0/8", "::1/128"]) == ("::1",)
    wrapped = ["::ffff:127.0.0.1", "127.0.0.1"]
    assert judged("http://a.example/", wrapped, ["127.0.0.0/8"]) == ("127.0.0.1",)
    assert judged("https://a.example/", ["8.8.8.8", "2a00::1"], []) == ("8.8.8.8", "2a00::1")
