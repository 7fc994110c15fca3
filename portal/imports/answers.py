"""What is asked of a server, and what becomes of its answer.

Pure: bytes and headers, no sockets and no clock. Whoever sent them may mean ill.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from http.client import HTTPResponse

from portal.imports.networks import Target, Unreachable

MOST_BYTES = 2 * 1024 * 1024
STEP = 64 * 1024
REDIRECTS = (301, 302, 303, 307, 308)
# Content-Encoding, and whether there is something to unpack.
PACKINGS = {"": False, "identity": False, "gzip": True, "x-gzip": True, "deflate": True}


@dataclass(frozen=True)
class Fetched:
    """What a server answered. `status` is "new", or "same" when the server says that nothing has
    changed since the last time (then without body). `etag` and `last_modified` are to be given
    the next time, empty where the server names none. `content_type` is the header as it
    stands, `address` where the redirects ended."""

    status: str
    body: bytes
    etag: str
    last_modified: str
    content_type: str
    address: str


def request(target: Target, base_url: str, etag: str, last_modified: str) -> bytes:
    """A GET that tells nothing but the portal's own address, and what it has already."""
    lines = [
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.place}",
        f"User-Agent: portal{f' (+{base_url})' if base_url else ''}",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "Connection: close",
    ]
    if _is_plain(etag):
        lines.append(f"If-None-Match: {etag}")
    if _is_plain(last_modified):
        lines.append(f"If-Modified-Since: {last_modified}")
    return "\r\n".join([*lines, "", ""]).encode("ascii", "replace")


def _is_plain(value: str) -> bool:
    """Whether a header can be given back as it came: a line end in it would begin another."""
    return 0 < len(value) <= 200 and value.isascii() and value.isprintable()


def read_answer(
    target: Target, response: HTTPResponse, etag: str, last_modified: str
) -> Fetched | Target:
    """What the server sent, or where it sends us. `etag` and `last_modified` are what it was
    asked with; a 304 need not repeat them, and without them it is no answer.

    Raises Unreachable: bad_status, too_big, compressed_bomb, odd_encoding, broken_off, and what
    `read_address` says of where a redirect leads.
    """
    headers = response.headers
    if response.status in REDIRECTS and "Location" in headers:
        # Headers are read as Latin-1, and addresses in them are UTF-8 if they are not ASCII.
        return target.follow(headers["Location"].encode("latin-1").decode("utf-8", "replace"))
    is_new = response.status == 200
    if not is_new and not (response.status == 304 and (etag or last_modified)):
        raise Unreachable("bad_status", status=response.status)
    etag = headers.get("ETag", "" if is_new else etag)
    last_modified = headers.get("Last-Modified", "" if is_new else last_modified)
    return Fetched(
        status="new" if is_new else "same",
        body=_body(response) if is_new else b"",
        etag=etag if _is_plain(etag) else "",
        last_modified=last_modified if _is_plain(last_modified) else "",
        content_type=headers.get("Content-Type", ""),
        address=target.address,
    )


def _body(response: HTTPResponse) -> bytes:
    packing = ", ".join(response.headers.get_all("Content-Encoding", [])).strip().lower()
    is_framed_oddly = "Transfer-Encoding" in response.headers and not response.chunked
    if packing not in PACKINGS or is_framed_oddly:
        raise Unreachable("odd_encoding")
    if (response.length or 0) > MOST_BYTES:
        raise Unreachable("too_big")
    # 32: the data say themselves whether they are gzip or zlib.
    unpacker = zlib.decompressobj(32 + zlib.MAX_WBITS) if PACKINGS[packing] else None
    arrived, body = 0, bytearray()
    # In steps, because a read of everything would believe the length that the server names.
    while data := response.read(STEP):
        arrived += len(data)
        if arrived > MOST_BYTES:
            raise Unreachable("too_big")
        if unpacker:
            _unpack(unpacker, data, body)
        else:
            body += data
    if response.length or (unpacker and arrived and not unpacker.eof):
        raise Unreachable("broken_off")
    return bytes(body)


def _unpack(unpacker: zlib._Decompress, data: bytes, body: bytearray) -> None:
    """Adds what `data` unpacks to, a step at a time; raises Unreachable as soon as it is much."""
    while True:
        try:
            piece = unpacker.decompress(data, STEP)
        except zlib.error as error:
            raise Unreachable("odd_encoding") from error
        body += piece
        if len(body) > MOST_BYTES:
            raise Unreachable("compressed_bomb")
        if unpacker.unused_data:
            raise Unreachable("odd_encoding")
        data = unpacker.unconsumed_tail
        if not data and len(piece) < STEP:
            return
