"""Fetching from real servers on loopback, most of them hostile.

Each server is a function that gets a connection and does with it what it likes. Time limits are
made small, except in one test.
"""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from portal.imports import fetching
from portal.imports.answers import Fetched
from portal.imports.fetching import fetch
from portal.imports.networks import Unreachable
from portal.imports.words import UNREACHABLE
from tests.support.requirements import need
from tests.support.servers import Act, Server, answer, chunked, heard, redirect, sized, without_end

LOOPBACK = [ip_network("127.0.0.0/8")]
FIRST_ONLY = [ip_network("127.0.0.1/32")]
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
MEGA = 1024 * 1024
GZIP = "Content-Encoding: gzip\r\n"
# What a fetch may take beyond its limit, on a machine that does other things as well.
SLACK = 2.0

Start = Callable[..., Server]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[Server] = []

    def begin(act: Act, ip: str = "127.0.0.1", **more: Any) -> Server:
        servers.append(Server(act, ip, **more))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


def refused(address: str, code: str, allowed: Any = LOOPBACK, **more: Any) -> float:
    """Fetches what must be refused with this code; answers the seconds that it took."""
    started = time.monotonic()
    with pytest.raises(Unreachable) as error:
        fetch(address, allowed, **more)
    took = time.monotonic() - started
    assert error.value.code == code, error.value.facts
    assert UNREACHABLE[error.value.code] % error.value.facts
    print(f"{code}: {took:.3f} s")
    return took


def got(server: Server, **more: Any) -> Fetched:
    return fetch(server.address, LOOPBACK, **more)


# --- what goes well -----------------------------------------------------------------------


def test_a_calendar_arrives_with_what_is_needed_to_ask_again(start: Start) -> None:
    headers = (
        'ETag: "a"\r\nLast-Modified: Tue, 01 Dec 2026 10:00:00 GMT\r\nContent-Type: text/x\r\n'
    )
    server = start(sized(CALENDAR, headers))
    assert got(server) == Fetched(
        status="new",
        body=CALENDAR,
        etag='"a"',
        last_modified="Tue, 01 Dec 2026 10:00:00 GMT",
        content_type="text/x",
        address=server.address,
    )


def test_the_server_is_told_the_portal_s_address_and_nothing_else(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    told: list[str] = []

    def act(connection: socket.socket) -> None:
        told.append(heard(connection))
        cookie = "Set-Cookie: a=b\r\n" if len(told) == 1 else ""
        where = "Location: /next\r\n" if len(told) == 1 else ""
        status = "302 Found" if len(told) == 1 else "200 OK"
        connection.sendall(f"HTTP/1.1 {status}\r\n{cookie}{where}\r\n".encode())

    server = start(act)
    got(server, etag='"a"', last_modified="Tue", base_url="https://portal.example")
    first, second = (text.splitlines() for text in told)
    assert first == [
        "GET /x.ics HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: portal (+https://portal.example)",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "Connection: close",
        'If-None-Match: "a"',
        "If-Modified-Since: Tue",
        "",
    ]
    assert second == ["GET /next HTTP/1.1", *first[1:]]


def test_what_has_not_changed_is_the_same(start: Start) -> None:
    server = start(answer(status="304 Not Modified", headers='ETag: "b"\r\n'))
    same = got(server, etag='"a"', last_modified="Tue")
    assert (same.status, same.body, same.etag, same.last_modified) == ("same", b"", '"b"', "Tue")
    assert refused(server.address, "bad_status") < SLACK, "nobody asked"


def test_a_header_that_would_begin_another_is_not_given_back(start: Start) -> None:
    told: list[str] = []

    def act(connection: socket.socket) -> None:
        told.append(heard(connection))
        connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "a"\r\n X-Evil: 1\r\n\r\n')

    server = start(act)
    assert got(server).etag == ""
    got(server, etag='"a"\r\nX-Evil: 1', last_modified="x\ny")
    assert "Evil" not in told[1]
    assert "If-" not in told[1]


@pytest.mark.parametrize(
    ("packing", "packed"),
    [
        ("gzip", gzip.compress(CALENDAR * 50_000)),
        ("X-GZIP", gzip.compress(CALENDAR)),
        ("deflate", zlib.compress(CALENDAR * 1000)),
        ("identity", CALENDAR),
        ("gzip", b""),
    ],
    # Named: a gzip holds the time, and every process would call its test otherwise.
    ids=["gzip", "X-GZIP", "deflate", "identity", "empty"],
)
def test_packed_bodies_are_unpacked(start: Start, packing: str, packed: bytes) -> None:
    body = got(start(sized(packed, f"Content-Encoding: {packing}\r\n"))).body
    assert body.replace(CALENDAR, b"") == b""
    assert bool(body) == bool(packed)


def test_two_megabytes_arrive_whole_and_one_more_byte_does_not(start: Start) -> None:
    whole = bytes(2 * MEGA)
    assert got(start(sized(whole))).body == whole
    assert got(start(answer(whole))).body == whole
    assert got(start(chunked(*[bytes(1024)] * 2048, b""))).body == whole
    assert got(start(answer(gzip.compress(whole), headers=GZIP))).body == whole
    more = whole + b"1"
    assert refused(start(sized(more)).address, "too_big") < SLACK
    assert refused(start(answer(more)).address, "too_big") < SLACK
    assert refused(start(chunked(whole, b"1", b"")).address, "too_big") < SLACK
    one = answer(gzip.compress(more), headers=GZIP)
    assert refused(start(one).address, "compressed_bomb") < SLACK


def test_chunks_with_extensions_and_trailers_are_put_together(start: Start) -> None:
    assert got(start(chunked(CALENDAR[:5], CALENDAR[5:], b""))).body == CALENDAR


# --- where nobody is sent -----------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost.", "[::ffff:127.0.0.1]"])
def test_loopback_is_refused_unless_it_is_allowed(start: Start, host: str) -> None:
    server = start(sized(CALENDAR))
    for scheme in ("http", "https"):
        address = f"{scheme}://{host}:{server.port}/"
        assert refused(address, "inner_network", []) < SLACK
    assert server.visits == 0
    # localhost may be ::1 as well, which is allowed here too.
    allowed = [*LOOPBACK, ip_network("::1/128")]
    assert fetch(f"http://{host}:{server.port}/", allowed).body == CALENDAR
    assert server.visits == 1


def test_plain_http_and_odd_ports_are_refused_before_anything_is_sent() -> None:
    def public(_host: str) -> list[str]:
        return ["8.8.8.8"]

    assert refused("http://a.example/", "not_https", resolve=public) < SLACK
    assert refused("https://a.example:22/", "bad_port", resolve=public) < SLACK
    assert refused("https://u:p@a.example/", "has_password", resolve=public) < SLACK


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
def test_a_redirect_is_followed_and_told(start: Start, status: str) -> None:
    last = start(sized(CALENDAR), "127.0.0.2")
    middle = start(redirect(f"//127.0.0.2:{last.port}/å".encode().decode("latin-1"), status))
    there = got(start(redirect(middle.address)))
    assert (there.body, there.address) == (CALENDAR, f"http://127.0.0.2:{last.port}/%C3%A5")


@pytest.mark.parametrize("host", ["127.0.0.2", "inner.example", "[::1]", "[::ffff:127.0.0.2]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_redirect_into_an_inner_network_is_not_followed(
    start: Start, host: str, scheme: str
) -> None:
    inner = start(sized(CALENDAR), "127.0.0.2")
    server = start(redirect(f"{scheme}://{host}:{inner.port}/"))
    more = {"allowed": FIRST_ONLY, "resolve": lambda _host: ["127.0.0.2"]}
    assert refused(server.address, "redirected_to_inner", **more) < SLACK
    assert (server.visits, inner.visits) == (1, 0)


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("file:///etc/passwd", "not_an_address"),
        ("ftp://127.0.0.1/", "not_https"),
        ("http://a:b@127.0.0.1/", "has_password"),
        ("http://8.8.8.8/", "not_https"),
        ("https://8.8.8.8:25/", "bad_port"),
        ("http://0x7f.1/", "not_an_address"),
        ("http://[::1", "not_an_address"),
        ("", "not_an_address"),
    ],
)
def test_a_redirect_has_to_be_as_good_as_what_was_typed(
    start: Start, location: str, code: str
) -> None:
    server = start(redirect(location))
    if not location:  # to itself
        assert refused(server.address, "too_many_redirects") < SLACK
    else:
        assert refused(server.address, code) < SLACK
        assert server.visits == 1


def test_redirects_end_after_five(start: Start) -> None:
    loop = start(redirect("/x.ics"))
    assert refused(loop.address, "too_many_redirects") < SLACK
    assert loop.visits == 6
    for hops, arrives in ((5, True), (6, False)):
        servers = [start(sized(CALENDAR))]
        for _ in range(hops):
            servers.append(start(redirect(servers[-1].address)))
        if arrives:
            assert got(servers[-1]).body == CALENDAR
        else:
            assert refused(servers[-1].address, "too_many_redirects") < SLACK
            assert servers[0].visits == 0


def test_dns_that_changes_its_answer_is_asked_once(start: Start) -> None:
    """First an address that may be reached, then one that may not: the connection goes where
    the first answer said."""
    good = start(sized(b"good"))
    bad = start(sized(b"bad"), "127.0.0.2", port=good.port)
    asked: list[str] = []

    def changing(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    address = f"http://changing.example:{good.port}/"
    assert fetch(address, FIRST_ONLY, resolve=changing).body == b"good"
    assert asked == ["changing.example"]
    assert (good.visits, bad.visits) == (1, 0)


def test_the_system_is_not_asked_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever in Python might look up a name by itself while connecting."""
    server = start(sized(CALENDAR))

    def never(*args: object, **_: object) -> None:
        raise AssertionError(f"looked up {args}")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
        monkeypatch.setattr(socket, name, never)
    address = f"http://a.example:{server.port}/"
    assert fetch(address, LOOPBACK, resolve=lambda _host: ["127.0.0.1"]).body == CALENDAR


def test_each_redirect_is_looked_up_anew(start: Start) -> None:
    names: list[str] = []
    server = start(lambda connection: None)
    server.act = redirect(f"http://two.example:{server.port}/")

    def resolve(host: str) -> list[str]:
        names.append(host)
        return ["127.0.0.1"] if host == "one.example" else ["10.0.0.1"]

    address = f"http://one.example:{server.port}/"
    assert refused(address, "redirected_to_inner", resolve=resolve) < SLACK
    assert names == ["one.example", "two.example"]


def test_the_next_address_is_tried_when_the_first_is_silent(start: Start) -> None:
    server = start(sized(CALENDAR))
    address = f"http://a.example:{server.port}/"
    assert fetch(address, LOOPBACK, resolve=lambda _host: ["127.0.0.9", "127.0.0.1"]).body


def test_names_that_nobody_knows() -> None:
    def unknown(_host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert refused("https://a.example/", "unknown_host", resolve=unknown) < SLACK
    assert refused("https://a.example/", "unknown_host", resolve=lambda _host: []) < SLACK


# --- time ---------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
SLOW: dict[str, Act] = {
    "silent": lambda connection: time.sleep(5),
    "silent after the request": without_end(b"", pause=5),
    "dripping body": without_end(b"x", OK + b"\r\n", 0.05),
    "dripping sized body": without_end(b"x", OK + b"Content-Length: 90000\r\n\r\n", 0.05),
    "dripping chunks": without_end(b"1\r\nx\r\n", OK + CHUNKED, 0.05),
    "dripping chunk size": without_end(b"0", OK + CHUNKED, 0.05),
    "dripping trailers": without_end(b"x", OK + CHUNKED + b"0\r\n", 0.05),
    "dripping gzip": without_end(b"x", OK + GZIP.encode() + b"\r\n\x1f\x8b\x08\x08", 0.05),
    "dripping headers": without_end(b"x", OK + b"X: ", 0.05),
    "dripping header lines": without_end(b"X: y\r\n", OK, 0.05),
    "dripping status": without_end(b"1", b"HTTP/1.1 ", 0.05),
    "dripping continue": without_end(b"HTTP/1.1 100 Continue\r\n\r\n", b"", 0.05),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_the_slow_are_left_when_the_time_is_up(start: Start, name: str) -> None:
    took = refused(start(SLOW[name]).address, "timed_out", seconds=0.4)
    assert 0.4 <= took < 0.4 + SLACK


def test_a_server_that_drips_ends_after_ten_seconds(start: Start) -> None:
    """The real limit, as the portal uses it: a byte a second, each well in time by itself."""
    server = start(without_end(b"x", OK + b"\r\n", pause=1, seconds=20))
    took = refused(server.address, "timed_out")
    assert 10 <= took < 10 + SLACK


def test_the_time_is_for_all_redirects_together(start: Start) -> None:
    def act(connection: socket.socket) -> None:
        time.sleep(0.25)
        redirect("/x.ics")(connection)

    took = refused(start(act).address, "timed_out", seconds=0.6)
    assert 0.6 <= took < 0.6 + SLACK


def test_the_time_is_for_looking_up_as_well() -> None:
    def slow(_host: str) -> list[str]:
        time.sleep(3)
        return ["127.0.0.1"]

    assert refused("https://a.example/", "timed_out", resolve=slow, seconds=0.3) < 0.3 + SLACK


def test_nobody_accepts(start: Start) -> None:
    """A full queue: the system answers nothing at all."""
    full = socket.socket()
    waiting: list[socket.socket] = []
    try:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(full.getsockname())
        address = f"http://127.0.0.1:{full.getsockname()[1]}/"
        assert refused(address, "timed_out", seconds=0.4) < 0.4 + SLACK
    finally:
        for one in [full, *waiting]:
            one.close()


# --- size and form ------------------------------------------------------------------------

BOMB = gzip.compress(bytes(50 * MEGA))
REFUSED: dict[str, tuple[Act, str]] = {
    "50 MB": (answer(*[bytes(MEGA)] * 50), "too_big"),
    "50 MB, as it says": (answer(headers=f"Content-Length: {50 * MEGA}\r\n"), "too_big"),
    "50 MB in chunks": (chunked(*[bytes(MEGA)] * 50, b""), "too_big"),
    "no end": (without_end(bytes(MEGA), OK + b"\r\n"), "too_big"),
    "chunks without end": (without_end(b"5\r\nabcde\r\n" * 999, OK + CHUNKED), "too_big"),
    "tiny chunks without end": (without_end(b"1\r\nx\r\n" * 9999, OK + CHUNKED), "too_big"),
    "endless chunk extension": (without_end(b"x" * 99, OK + CHUNKED + b"1;"), "not_http"),
    "endless trailers": (without_end(b"X: y\r\n" * 999, OK + CHUNKED + b"0\r\n"), "too_big"),
    "endless headers": (without_end(b"X: y\r\n" * 999, OK), "not_http"),
    "endless header": (without_end(b"x" * 999, OK + b"X: "), "not_http"),
    "endless folds": (without_end(b" x\r\n" * 999, OK + b"X: y\r\n"), "not_http"),
    "endless status": (without_end(b"x" * 999, b"HTTP/1.1 200 "), "not_http"),
    "endless continue": (without_end(b"HTTP/1.1 100 Continue\r\n\r\n" * 99), "not_http"),
    "gzip bomb": (sized(BOMB, GZIP), "compressed_bomb"),
    "deflate bomb": (
        sized(zlib.compress(bytes(50 * MEGA)), "Content-Encoding: deflate\r\n"),
        "compressed_bomb",
    ),
    "many members": (sized(gzip.compress(b"x") * 9999, GZIP), "odd_encoding"),
    "gzip, gzip": (sized(gzip.compress(BOMB), "Content-Encoding: gzip, gzip\r\n"), "odd_encoding"),
    "gzip and gzip": (sized(gzip.compress(BOMB), GZIP + GZIP), "odd_encoding"),
    "brotli": (sized(CALENDAR, "Content-Encoding: br\r\n"), "odd_encoding"),
    "no gzip at all": (sized(CALENDAR, GZIP), "odd_encoding"),
    "gzip with something behind": (sized(gzip.compress(CALENDAR) + b"x", GZIP), "odd_encoding"),
    "half a gzip": (sized(gzip.compress(CALENDAR)[:-9], GZIP), "broken_off"),
    "gzip as transfer": (sized(BOMB, "Transfer-Encoding: gzip, chunked\r\n"), "odd_encoding"),
    "a length too long": (answer(CALENDAR, headers="Content-Length: 99\r\n"), "broken_off"),
    "chunks without their end": (chunked(CALENDAR), "broken_off"),
    "half a chunk": (
        answer(b"ff\r\nabc", headers="Transfer-Encoding: chunked\r\n"),
        "broken_off",
    ),
    "no chunks": (answer(CALENDAR, headers="Transfer-Encoding: chunked\r\n"), "broken_off"),
    "a chunk below nothing": (
        answer(b"-5\r\nabc\r\n", headers="Transfer-Encoding: chunked\r\n"),
        "not_http",
    ),
    "not http": (without_end(b"220 mail.example ESMTP\r\n"), "not_http"),
    "nothing": (lambda connection: None, "no_answer"),
    "nothing after the request": (lambda connection: heard(connection) and None, "no_answer"),
    "not found": (answer(status="404 Not Found"), "bad_status"),
    "an error": (answer(status="500 x"), "bad_status"),
    "a part": (answer(CALENDAR, status="206 Partial Content"), "bad_status"),
    "a redirect to nowhere": (answer(status="302 Found"), "bad_status"),
    "early hints": (answer(status="103 Early Hints"), "bad_status"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_hostile_and_the_broken_are_refused_at_once(start: Start, name: str) -> None:
    act, code = REFUSED[name]
    assert refused(start(act).address, code) < SLACK


def test_a_bomb_takes_no_memory(start: Start) -> None:
    """1.5 GB in 1.5 MB: a step at a time it never holds more than a few megabytes."""
    packed = zlib.compressobj(9, wbits=-15)
    piece = packed.compress(bytes(MEGA)) + packed.flush(zlib.Z_FULL_FLUSH)
    bomb = b"\x1f\x8b\x08" + bytes(7) + piece * 1500
    assert len(bomb) < 2 * MEGA
    server = start(sized(bomb, GZIP))
    tracemalloc.start()
    try:
        assert refused(server.address, "compressed_bomb") < SLACK
        assert tracemalloc.get_traced_memory()[1] < 8 * MEGA
    finally:
        tracemalloc.stop()


def test_a_bomb_in_a_gzip_stays_packed(start: Start) -> None:
    """One layer is HTTP's; what the file itself is packed in is for the readers to refuse."""
    assert got(start(sized(gzip.compress(BOMB), GZIP))).body == BOMB


def test_a_length_too_short_ends_the_body(start: Start) -> None:
    assert got(start(answer(CALENDAR, headers="Content-Length: 5\r\n"))).body == CALENDAR[:5]


def test_nobody_listens(start: Start) -> None:
    server = start(sized(CALENDAR))
    server.stop()
    assert refused(server.address, "no_answer") < SLACK


def test_a_failure_of_our_own_is_not_blamed_on_the_source() -> None:
    def broken(_host: str) -> list[str]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fetch("https://a.example/", [], resolve=broken)


def test_every_code_has_words() -> None:
    codes = {code for _, code in REFUSED.values()} | {"tls_failed", "timed_out", "unknown_host"}
    assert codes <= set(UNREACHABLE)


# --- TLS ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority (ca.pem) and a certificate of it for feed.example."""
    openssl = need("openssl")
    folder = tmp_path_factory.mktemp("tls")

    def run(*words: str) -> None:
        subprocess.run([str(openssl), *words], cwd=folder, check=True, capture_output=True)

    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run(*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority", "-days", "2")
    names = "subjectAltName=DNS:feed.example,IP:127.0.0.1"
    mine = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", names, "-days", "2"]
    run(*new, *mine, "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=feed")
    return folder


@pytest.fixture
def tls(authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    return context


def here(_host: str) -> list[str]:
    return ["127.0.0.1"]


def politely(act: Act) -> Act:
    """Says goodbye as TLS wants it."""

    def whole(connection: socket.socket) -> None:
        act(connection)
        assert isinstance(connection, ssl.SSLSocket)
        connection.unwrap()

    return whole


def test_a_certificate_is_checked_for_the_name(
    start: Start, tls: ssl.SSLContext, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: names.append(name)  # type: ignore[assignment]
    server = start(politely(answer(CALENDAR)), context=tls)
    address = f"https://feed.example:{server.port}/"
    assert refused(address, "tls_failed", resolve=here) < SLACK, "signed by nobody known"
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    assert fetch(address, LOOPBACK, resolve=here).body == CALENDAR
    assert fetch(f"https://127.0.0.1:{server.port}/", LOOPBACK).body == CALENDAR
    other = f"https://other.example:{server.port}/"
    assert refused(other, "tls_failed", resolve=here) < SLACK, "it is for another name"
    assert refused(f"http://127.0.0.1:{server.port}/", "no_answer") < SLACK
    assert names == ["feed.example", "feed.example", None, "other.example"]


def test_half_an_answer_is_none(
    start: Start, tls: ssl.SSLContext, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without length and without TLS's goodbye nobody knows whether it was all."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    address = f"https://feed.example:{start(answer(CALENDAR), context=tls).port}/"
    assert refused(address, "broken_off", resolve=here) < SLACK
    address = f"https://feed.example:{start(sized(CALENDAR), context=tls).port}/"
    assert fetch(address, LOOPBACK, resolve=here).body == CALENDAR, "the length says it"


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ([b"", b""], "timed_out"),
        # A ServerHello of 16 kB, a byte at a time.
        ([b"\x16\x03\x03\x40\x00", *[b"\2"] * 99], "timed_out"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "tls_failed"),
        ([], "no_answer"),
    ],
)
def test_what_answers_no_handshake_is_left(start: Start, says: list[bytes], code: str) -> None:
    def spoil(connection: socket.socket) -> None:
        connection.recv(4096)
        for piece in says:
            connection.sendall(piece)
            time.sleep(1 if not piece else 0.02)

    address = start(spoil).address.replace("http:", "https:")
    assert refused(address, code, seconds=0.5) < 0.5 + SLACK


def test_a_dripping_body_over_tls(
    start: Start, tls: ssl.SSLContext, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    server = start(without_end(b"x", OK + b"\r\n", 0.05), context=tls)
    address = f"https://feed.example:{server.port}/"
    assert refused(address, "timed_out", resolve=here, seconds=0.5) < 0.5 + SLACK


# --- the guards are what refuses ----------------------------------------------------------


def test_without_its_guards_a_fetch_goes_astray(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the tests above would see it."""
    inner = start(sized(b"secret"), "127.0.0.2")
    server = start(redirect(inner.address))
    assert refused(server.address, "redirected_to_inner", FIRST_ONLY) < SLACK
    monkeypatch.setattr(fetching, "judge", lambda _target, ips, _allowed: tuple(ips))
    assert fetch(server.address, FIRST_ONLY).body == b"secret"
