"""What every template may use: texts, dates, and addresses of files that never go stale."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from markupsafe import Markup, escape

from portal.config import ROOT
from portal.core.htmx import is_fragment
from portal.core.kept import parts, while_unchanged
from portal.core.languages import language, languages
from portal.core.text import Localised
from portal.core.words import chosen, clock, day_words, language_name, month_words, tagged

STATIC = ROOT / "static"
EXIT_URL = "https://www.smhi.se/"
"""Where the quick exit leads: a page that everybody looks at, the weather."""


def address(endpoint: str, **values: Any) -> str:
    """`url_for`, remembered: it is asked for the same addresses again and again."""
    key = ("address", request.script_root, endpoint, *values.items())
    return while_unchanged(key, lambda: url_for(endpoint, **values))


def kept(key: Hashable, macro: Callable[..., Markup], *values: Any) -> Markup:
    """What a macro answers, remembered: `{{ kept(today, filter_panel, form) }}`.

    Only for macros that look at nothing but their values and the page's language; `key` says
    all that matters of the values.
    """
    whole = ("macro", macro.name, language().key, key)  # type: ignore[attr-defined]
    return while_unchanged(whole, lambda: macro(*values))


def kept_each(macro: Callable[..., Markup], items: Iterable[Hashable], *values: Hashable) -> Markup:
    """What a macro answers for each item, remembered: `{{ kept_each(event_card, cards, 2) }}`."""
    made = parts()
    if made is None:
        return Markup("").join(macro(item, *values) for item in items)
    start, found = ("macro", macro.name, language().key, values), []  # type: ignore[attr-defined]
    for item in items:
        key = (start, item)
        if key not in made:
            made[key] = macro(item, *values)
        found.append(made[key])
    return Markup("").join(found)


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
        asset=asset,
        all_languages=languages,
        language_name=language_name,
        exit_url=lambda: EXIT_URL,
        kept=kept,
        kept_each=kept_each,
        url_for=address,
        is_fragment=is_fragment,
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
