"""Flask answering the bytes of a file: the limit of a feed. /gzip answers them compressed.

Usage: python -m bench.bare.fixed PORT FILE
"""

import gzip
import sys
from pathlib import Path

import waitress
from flask import Flask, Response

app = Flask(__name__)
BODY = Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else b""
SQUEEZED = gzip.compress(BODY, 6)


@app.get("/")
def plain() -> Response:
    return Response(BODY, content_type="text/calendar")


@app.get("/gzip")
def squeezed() -> Response:
    return Response(SQUEEZED, content_type="text/calendar", headers={"Content-Encoding": "gzip"})


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, ident=None)
