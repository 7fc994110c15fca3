"""Photographs: nothing hides in them, and nothing but pictures comes in."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from portal.places.photos import MAX_BYTES, UnusablePhoto, encode


def picture(kind: str = "JPEG", size: tuple[int, int] = (1600, 1200), **more: object) -> bytes:
    image = Image.linear_gradient("L").resize(size).convert(more.pop("mode", "RGB"))  # type: ignore[arg-type]
    out = io.BytesIO()
    image.save(out, kind, **more)  # type: ignore[arg-type]
    return out.getvalue()


def with_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "KANARIE CAMERA"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (59.0, 19.0, 45.0)
    gps[3], gps[4] = "E", (18.0, 4.0, 7.0)
    return picture(exif=exif.tobytes(), comment=b"KANARIE COMMENT")


def test_time_place_and_camera_are_gone() -> None:
    raw = with_exif()
    assert b"KANARIE" in raw
    assert Image.open(io.BytesIO(raw)).getexif().get_ifd(0x8825), "the control"
    encoded = encode(raw)
    assert b"KANARIE" not in encoded.jpeg
    assert b"Exif" not in encoded.jpeg
    again = Image.open(io.BytesIO(encoded.jpeg))
    assert dict(again.getexif()) == {}
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(again.info)


def test_a_picture_is_small_and_upright() -> None:
    encoded = encode(picture())
    assert (encoded.width, encoded.height) == (960, 720)
    again = Image.open(io.BytesIO(encoded.jpeg))
    assert (again.format, again.mode, again.size) == ("JPEG", "RGB", (960, 720))
    turned = encode(with_exif(orientation=6))
    assert (turned.width, turned.height) == (720, 960)
    small = encode(picture(size=(500, 80)))
    assert (small.width, small.height) == (500, 80)


def test_a_picture_too_small_to_see_is_refused() -> None:
    encode(picture(size=(400, 300)))
    with pytest.raises(UnusablePhoto, match="too_small"):
        encode(picture(size=(399, 300)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_usual_kinds_come_in_and_jpeg_comes_out(kind: str) -> None:
    encoded = encode(picture(kind))
    assert encoded.jpeg.startswith(b"\xff\xd8\xff")
    assert encoded.digest == encode(picture(kind)).digest


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "1"])
def test_transparent_and_grey_pictures_come_in(mode: str) -> None:
    assert encode(picture("PNG", mode=mode)).width == 960


def test_what_is_appended_does_not_come_along() -> None:
    """A file that is a picture to one program and a page or an archive to another."""
    for tail in (b"<script>alert(1)</script>", b"PK\x03\x04KANARIE"):
        encoded = encode(picture() + tail)
        assert tail not in encoded.jpeg


REFUSED = {
    "nothing": b"",
    "text": b"hello",
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html with a jpeg's name": b"\xff\xd8\xff<html>",
    "gif": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
    "cut off": picture()[:400],
    "pdf": b"%PDF-1.7\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused(name: str) -> None:
    with pytest.raises(UnusablePhoto) as refused:
        encode(REFUSED[name])
    assert refused.value.code == "not_a_picture"


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_000, 12_000, 30_000, 100_000])
def test_a_picture_that_would_fill_the_memory_is_too_large(side: int) -> None:
    with pytest.raises(UnusablePhoto) as refused:
        encode(bomb(side, side))
    assert refused.value.code == "too_large"


def test_a_file_over_the_limit_is_not_even_opened() -> None:
    with pytest.raises(UnusablePhoto, match="too_large"):
        encode(picture() + b"\0" * MAX_BYTES)
