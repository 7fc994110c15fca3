"""What foreign text may become here: plain words, and links that only lead somewhere. Pure.

Every step takes time in proportion to the text, also for text made to be slow; Python's own HTML
parser does not (12 seconds for 64 kB of "<!--").
"""

from __future__ import annotations

import html
import re

from portal.core.text import clean

# A tag ends before the next one begins, so that a thousand open ones are read once each.
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,15})\b[^<>]*>|<!--|<![A-Za-z][^<>]*>")
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});")
_BLOCKS = {"p", "div", "br", "li", "ul", "ol", "tr", "table", "section", "article", "hr", "dd"}
_BLOCKS |= {"dt", "h1", "h2", "h3", "h4", "h5", "h6"}
_UNSEEN = {
    name: re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE)
    for name in ("script", "style", "template", "noscript", "head")
} | {"": re.compile("-->")}
_LINK = re.compile(
    r"https?://[^\s<>\"'/?#][^\s<>\"']*|tel:\+?[\d().-]+|mailto:[^\s<>\"'@:/]+@[^\s<>\"'@]+"
)


def plain(text: str) -> str:
    """Words without markup: HTML loses its tags, and a block becomes a line of its own.

    Text without markup keeps its lines; "a < b" is no markup.
    """
    if _TAG.search(text):
        text = _without_tags(text)
    text = clean(_ENTITY.sub(lambda found: html.unescape(found[0]), text))
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def safe_link(text: str) -> str:
    """The link if it is http, https, tel or mailto; otherwise nothing.

    A list of what is allowed, because what runs programs has many names.
    """
    scheme, colon, rest = clean(text).strip().partition(":")
    link = f"{scheme.lower()}{colon}{rest.replace(' ', '') if scheme.lower() == 'tel' else rest}"
    return link if _LINK.fullmatch(link) else ""


def _without_tags(text: str) -> str:
    tags = list(_TAG.finditer(text))
    # In HTML a line break is only a space.
    if any((tag[1] or "").lower() in _BLOCKS for tag in tags):
        text = text.replace("\n", " ")
    parts, at = [], 0
    for tag in tags:
        if tag.start() < at:
            continue
        parts.append(text[at : tag.start()])
        at, name = tag.end(), (tag[1] or "").lower()
        is_opening = tag[0] == "<!--" or not tag[0].startswith(("</", "<!"))
        if name in _BLOCKS:
            parts.append("\n")
        elif is_opening and name in _UNSEEN:
            end = _UNSEEN[name].search(text, at)
            at = end.end() if end else len(text)
    return "".join([*parts, text[at:]])
