"""Servers on loopback that do what they like with whoever comes: for what the portal fetches.

An act gets a connection and does with it as it pleases; `Server` runs it for each visitor.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass

Act = Callable[[socket.socket], None]


@dataclass
class Server:
    """Listens on a loopback address of its own choice and remembers what it was asked."""

    act: Act
    ip: str = "127.0.0.1"
    port: int = 0
    context: ssl.SSLContext | None = None
    visits: int = 0

    def __post_init__(self) -> None:
        self.socket = socket.create_server((self.ip, self.port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://{self.ip}:{self.port}/x.ics"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.visits += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        with closing(connection), suppress(OSError, ValueError):
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with closing(connection):
                self.act(connection)

    def stop(self) -> None:
        # Wakes accept(); closing alone would leave the port open while it waits.
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def heard(connection: socket.socket) -> str:
    """The request, as far as its empty line."""
    request = b""
    while b"\r\n\r\n" not in request:
        if not (data := connection.recv(4096)):
            break
        request += data
    return request.decode()


def answer(*parts: bytes, status: str = "200 OK", headers: str = "", drip: float = 0) -> Act:
    """A server that hears the request and sends these parts. `headers` end with a line end."""

    def act(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(f"HTTP/1.1 {status}\r\n{headers}\r\n".encode("latin-1"))
        for part in parts:
            connection.sendall(part)
            time.sleep(drip)

    return act


def without_end(data: bytes, before: bytes = b"", pause: float = 0, seconds: float = 5) -> Act:
    """Sends `before` and then `data` for longer than anybody should listen; it does end, so that
    who listens all the same fails instead of hanging."""

    def act(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(before)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            connection.sendall(data)
            time.sleep(pause)

    return act


def sized(body: bytes, headers: str = "") -> Act:
    return answer(body, headers=f"Content-Length: {len(body)}\r\n{headers}")


def chunked(*chunks: bytes) -> Act:
    parts = [b"%x;ignored=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    return answer(*parts, headers="Transfer-Encoding: chunked\r\n")


def redirect(to: str, status: str = "302 Found") -> Act:
    return answer(status=status, headers=f"Location: {to}\r\n")
