"""What every template may use: texts, dates, and addresses of files that never go stale."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path

from flask import Flask
from markupsafe import Markup, escape

from portal.config import ROOT
from portal.core.htmx import is_fragment
from portal.core.languages import language, languages
from portal.core.text import Localised
from portal.core.words import chosen, clock, day_words, month_words, tagged

STATIC = ROOT / "static"
EXIT_URL = "https://www.smhi.se/"
"""Where the quick exit leads: a page that everybody looks at, the weather."""


@cache
def _digest(name: str, _changed: float) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """A static file's address with a digest of its content, the same in every language."""
    changed = Path(STATIC / name).stat().st_mtime
    return f"/static/{name}?v={_digest(name, changed)}"


def text(texts: Localised) -> Markup:
    """A localised text, marked with its language when that is not the page's."""
    words, tag = tagged(texts)
    return Markup('<span lang="{}">{}</span>').format(tag, words) if tag else escape(words)


def paragraphs(texts: Localised) -> Markup:
    """A localised text as paragraphs, marked with its language when that is not the page's."""
    words, tag = tagged(texts)
    lang = Markup(' lang="{}"').format(tag) if tag else ""
    parts = (part.strip() for part in words.split("\n\n"))
    return Markup("\n").join(
        Markup("<p{}>{}</p>").format(lang, _lines(part)) for part in parts if part
    )


def _lines(part: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in part.split("\n"))


def day(value: date, with_year: bool = False) -> str:
    return day_words(value, language().key, with_year)


def month(value: date) -> str:
    return month_words(value, language().key)


def time_of_day(value: datetime) -> str:
    return clock(value, language().key)


def phone_href(phone: str) -> str:
    """A `tel:` link: Swedish numbers get their country, others stay as written."""
    digits = "".join(c for c in phone if c.isdigit() or c == "+")
    return f"tel:+46{digits[1:]}" if digits.startswith("0") else f"tel:{digits}"


def init_templates(app: Flask) -> None:
    """Registers the globals and filters above."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        is_fragment=is_fragment, asset=asset, all_languages=languages, exit_url=lambda: EXIT_URL
    )
    app.jinja_env.filters.update(
        say=chosen,
        text=text,
        paragraphs=paragraphs,
        day=day,
        month=month,
        clock=time_of_day,
        phone_href=phone_href,
    )
