"""A small keep-alive client for machines without wrk; one thread, several connections.

Usage: python -m bench.client URL SECONDS CONNECTIONS SEED [-H "Name: value"]...
With a seed other than 0 every request has another query.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Talk:
    """One connection and the answer that is on its way."""

    peer: socket.socket
    asked_at: float = 0.0
    got: bytearray = field(default_factory=bytearray)
    wanted: int = -1
    status: int = 0
    closes: bool = False

    def read(self) -> bool:
        """Takes what has come; whether the answer is complete."""
        data = self.peer.recv(1 << 20)
        self.got += data
        if self.wanted < 0:
            end = self.got.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._head(bytes(self.got[:end]), end + 4)
        return len(self.got) >= self.wanted or not data

    def _head(self, head: bytes, size: int) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
        has_body = self.status not in (204, 304)
        self.wanted = size + (int(headers.get("content-length", 0)) if has_body else 0)
        self.closes = headers.get("connection", "").lower() == "close"


def run(url: str, seconds: int, connections: int, seed: str, headers: list[str]) -> None:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    mark = "&" if parts.query else "?"
    tail = "".join(f"{line}\r\n" for line in [f"Host: {parts.netloc}", *headers]) + "\r\n"
    chooser, waits, wrong, number = selectors.DefaultSelector(), [], 0, 0

    def ask(talk: Talk) -> None:
        nonlocal number
        number += 1
        fresh = f"{mark}x={seed}.{number}" if seed != "0" else ""
        talk.got.clear()
        talk.wanted, talk.asked_at = -1, time.perf_counter()
        talk.peer.sendall(f"GET {path}{fresh} HTTP/1.1\r\n{tail}".encode())

    def begin() -> None:
        talk = Talk(socket.create_connection((parts.hostname or "", parts.port or 80)))
        chooser.register(talk.peer, selectors.EVENT_READ, talk)
        ask(talk)

    for _ in range(connections):
        begin()
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        for key, _ in chooser.select(timeout=1):
            talk: Talk = key.data
            if not talk.read():
                continue
            waits.append(time.perf_counter() - talk.asked_at)
            wrong += talk.status >= 400
            if talk.closes:
                chooser.unregister(talk.peer)
                talk.peer.close()
                begin()
            else:
                ask(talk)
    _report(waits, time.perf_counter() - started, wrong)


def _report(waits: list[float], lasted: float, wrong: int) -> None:
    """In wrk's words, so that one reader does for both."""
    waits.sort()
    for percent in (50, 99):
        at = waits[min(len(waits) - 1, len(waits) * percent // 100)]
        print(f"     {percent}%   {at * 1000:.3f}ms")
    if wrong:
        print(f"  Non-2xx or 3xx responses: {wrong}")
    print(f"Requests/sec: {len(waits) / lasted:.2f}")


if __name__ == "__main__":
    _, address, seconds, connections, seed, *rest = sys.argv
    run(address, int(seconds), int(connections), seed, [word for word in rest if word != "-H"])
