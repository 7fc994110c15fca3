"""A bare Flask hello: the unit of every ratio. Usage: python -m bench.bare.hello PORT"""

import sys

import waitress
from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "hello"


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, ident=None)
