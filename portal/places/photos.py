"""Photographs: re-encoded to plain JPEG, so that place, time and camera are gone. Pure."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 50_000_000
WIDTH = 960
MIN_WIDTH = 400
QUALITY = 72


class UnusablePhoto(Exception):
    """Not a picture that can be used; `code` is too_large, too_small or not_a_picture."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Encoded:
    """A picture ready to be stored: JPEG bytes without metadata."""

    jpeg: bytes
    width: int
    height: int
    digest: str


def encode(raw: bytes) -> Encoded:
    """Re-encodes an uploaded picture, upright and at most 960 pixels wide.

    Only JPEG, PNG and WebP are read. Raises UnusablePhoto for anything else, for files over
    12 MB and for pictures that would need too much memory.
    """
    # Imported when needed: few processes ever read a picture.
    from PIL import Image, ImageOps

    if len(raw) > MAX_BYTES:
        raise UnusablePhoto("too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP"))
            if picture.width * picture.height > MAX_PIXELS:
                raise UnusablePhoto("too_large")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except UnusablePhoto:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnusablePhoto("too_large") from error
    except Exception as error:
        raise UnusablePhoto("not_a_picture") from error
    if upright.width < MIN_WIDTH:
        raise UnusablePhoto("too_small")
    upright.thumbnail((WIDTH, WIDTH))
    fresh = Image.new("RGB", upright.size)
    fresh.paste(upright)
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    jpeg = out.getvalue()
    return Encoded(jpeg, fresh.width, fresh.height, hashlib.sha256(jpeg).hexdigest()[:16])
