"""Fetching a source from an address that an editor typed, without going where nobody should.

A name is looked up once, its addresses are judged (`networks.py`), and the connection goes to
those very addresses, so that a DNS server which changes its answer gains nothing. Each redirect
is a new address with the same checks. Everything together has ten seconds by a clock that only
goes forward, read before every single wait: a server may drip as it likes. Never more than 2 MB
arrive, packed or unpacked.

A fetch waits for others, so it belongs into no transaction: this file is of the layer of jobs,
which actions cannot import.
"""

from __future__ import annotations

import http.client
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from ipaddress import ip_address
from typing import Any

from portal.imports.answers import Fetched, read_answer, request
from portal.imports.networks import IPAddress, IPNetwork, Target, Unreachable, judge, read_address

SECONDS = 10.0
MOST_HEADER_BYTES = 64 * 1024
# What may be read ahead, and added to a body by the frames of chunks. A body in crumbs of a byte
# would cost seconds of computing.
MOST_FRAMING = 256 * 1024
MOST_REDIRECTS = 5
MOST_TRIED = 4

Resolve = Callable[[str], Sequence[str]]


def look_up(host: str) -> list[str]:
    """The IP addresses of a name, in the order in which the system would try them."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in found]


def fetch(
    address: str,
    allowed: Sequence[IPNetwork],
    etag: str = "",
    last_modified: str = "",
    *,
    base_url: str = "",
    resolve: Resolve = look_up,
    seconds: float = SECONDS,
) -> Fetched:
    """Fetches an address; raises Unreachable with a code of imports/words.py.

    `allowed` are inner networks that may be reached all the same, also with plain http and on
    any port (PORTAL_ALLOWED_NETWORKS, for tests). `etag` and `last_modified` are what the last
    `Fetched` for the same address held. `base_url` is the portal's own address and the only
    thing that servers are told of it. `seconds` are for everything together.
    """
    deadline = _Deadline(seconds)
    target = read_address(address)
    for hop in range(MOST_REDIRECTS + 1):
        try:
            ips = judge(target, _found(target, resolve, deadline), allowed)
        except Unreachable as error:
            if hop and error.code == "inner_network":
                raise Unreachable("redirected_to_inner", **error.facts) from error
            raise
        with _asking(deadline), closing(_connect(target, ips, deadline)) as connection:
            connection.settimeout(deadline.left())
            connection.sendall(request(target, base_url, etag, last_modified))
            with closing(_Response(_Line(connection, deadline))) as response:
                response.begin()
                answer = read_answer(target, response, etag, last_modified)
        if isinstance(answer, Fetched):
            return answer
        target = answer
    raise Unreachable("too_many_redirects", most=MOST_REDIRECTS)


class _Deadline:
    """The one clock of a fetch."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._end = seconds, time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that may still pass, more than 0; raises Unreachable when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> Unreachable:
        return Unreachable("timed_out", seconds=round(self._seconds))


def _found(target: Target, resolve: Resolve, deadline: _Deadline) -> list[IPAddress]:
    """All addresses of the target's name. The system's look-up knows no time limit of ours, so
    it runs beside, and is left to itself when the time is up."""
    if target.ip:
        return [target.ip]
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(target.host))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True, name="look up").start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise deadline.passed() from None
    if isinstance(answer, OSError | UnicodeError):
        raise Unreachable("unknown_host", host=target.host) from answer
    if isinstance(answer, Exception):
        raise answer
    return [ip_address(ip) for ip in answer]


@contextmanager
def _asking(deadline: _Deadline) -> Iterator[None]:
    """Turns what sockets, TLS and HTTP say into Unreachable."""
    try:
        yield
    except TimeoutError:
        raise deadline.passed() from None
    except (http.client.IncompleteRead, ssl.SSLError) as error:
        raise Unreachable("broken_off") from error
    except OSError as error:  # http.client's RemoteDisconnected is one as well
        raise Unreachable("no_answer") from error
    except (http.client.HTTPException, ValueError) as error:
        raise Unreachable("not_http") from error


def _connect(target: Target, ips: Sequence[IPAddress], deadline: _Deadline) -> socket.socket:
    """A connection to the first address that answers; a silent one leaves time for the others."""
    tried, failed = ips[:MOST_TRIED], OSError()
    for number, ip in enumerate(tried):
        try:
            connection = _reach(ip, target.port, deadline.left() / (len(tried) - number))
        except OSError as error:
            failed = error
        else:
            return _secure(connection, target, deadline) if target.is_https else connection
    raise failed


def _reach(ip: IPAddress, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((str(ip), port))
    except BaseException:
        connection.close()
        raise
    return connection


def _secure(connection: socket.socket, target: Target, deadline: _Deadline) -> socket.socket:
    """TLS, with a certificate for the name that was typed. An end without TLS's own goodbye is
    an error: half a programme looks like one whose other half was taken away."""
    try:
        connection.settimeout(deadline.left())
        return ssl.create_default_context().wrap_socket(
            connection, server_hostname=target.host, suppress_ragged_eofs=False
        )
    except ssl.SSLEOFError as error:
        connection.close()
        raise Unreachable("no_answer") from error
    except ssl.SSLError as error:
        connection.close()
        said = getattr(error, "verify_message", "") or error.reason or ""
        raise Unreachable("tls_failed", said=str(said)) from error
    except BaseException:
        connection.close()
        raise


class _Line(io.RawIOBase):
    """What arrives on a connection: each wait has only the time that is left, and only as many
    bytes are taken as are allowed at this point."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection, self._deadline = connection, deadline
        self.allowed, self.code = MOST_HEADER_BYTES, "not_http"

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.allowed <= 0:
            raise Unreachable(self.code)
        self._connection.settimeout(self._deadline.left())
        size = self._connection.recv_into(buffer)
        self.allowed -= size
        return size


class _Response(http.client.HTTPResponse):
    """A response that tells its line how much may come: headers first, then as much as has come
    of the body, and MOST_FRAMING. How large a body may be is judged in `answers.py`."""

    def __init__(self, line: _Line) -> None:
        super().__init__(line)  # type: ignore[arg-type]
        self._line = line

    def begin(self) -> None:
        super().begin()
        self._line.allowed, self._line.code = MOST_FRAMING, "too_big"

    def read(self, amt: int | None = None) -> bytes:
        data = super().read(amt)
        self._line.allowed += len(data)
        return data
