"""What foreign text may become here: plain words, and links that only lead somewhere. Pure.

Every step takes time in proportion to the text's length, also for text made to be slow; Python's
own HTML parser does not. Nothing here makes text safe to be shown as HTML: templates escape it.
"""

from __future__ import annotations

import html
import re

from portal.core.text import clean

# A tag ends before the next one begins, so that a thousand open ones are read once each.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]*)>|<!--|<![A-Za-z][^<>]*>")
_IS_HTML = re.compile(
    r"</?(?:html|body|head|div|p|br|span|a|b|i|u|em|strong|font|ul|ol|dl|dt|dd|li|table|tr|td|hr|"
    r"section|article|script|style|template|noscript|h[1-6])"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# With the semicolon only, and no longer than any is: "AT&T" stays.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_HREF = re.compile(r"""\bhref\s*=\s*["']?\s*(https?://[^\s"'<>]+)""", re.IGNORECASE)
_BREAKS = {"br", "tr", "div", "table", "ul", "ol", "hr", "dd", "dt", "section", "article"}
_BREAKS |= {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = {*_BREAKS, "p", "li"}
_HIDDEN = {"script", "style", "head", "title", "template", "noscript"}
_LINK = re.compile(
    r"https?://[^\s<>\"'/?#][^\s<>\"']*|tel:\+?[\d().-]+|mailto:[^\s<>\"'@:/]+@[^\s<>\"'@]+"
)
# RFC 5321 4.5.3.1: at most 64 and 255; without the limits a long word would be read often.
_EMAIL = re.compile(r"(?:mailto:)?[^\s@<>()\[\],;:\"]{1,64}@[^\s@<>()\[\],;:\"]{1,255}", re.I)


def plain(text: str) -> str:
    """Text without tags, its line breaks kept and its entities decoded, stored as it may be.

    Text that has no tag of HTML keeps its "<" and ">". Where a link leads is told in brackets.
    """
    if text.isprintable() and text.isascii() and not {"<", "&"} & set(text) and "  " not in text:
        return text.strip()  # nearly every short text: nothing to be done
    if _IS_HTML.search(text):
        text = _without_tags(text)
    text = clean(_ENTITY.sub(lambda found: html.unescape(found[0]), text))
    rows = [re.sub(r"[^\S\n]+", " ", row).strip() for row in text.split("\n")]
    return re.sub(r"\n\n\n+", "\n\n", "\n".join(rows)).strip()


def safe_link(text: str) -> str:
    """The link if it is http, https, tel or mailto; otherwise nothing.

    A list of what is allowed, because what runs programs has many names.
    """
    scheme, colon, rest = clean(text).strip().partition(":")
    link = f"{scheme.lower()}{colon}{rest.replace(' ', '') if scheme.lower() == 'tel' else rest}"
    return link if _LINK.fullmatch(link) else ""


def without_emails(text: str) -> str:
    """Without e-mail addresses: the portal takes over no way to a person unasked."""
    return _EMAIL.sub("", text) if "@" in text else text


def _without_tags(text: str) -> str:
    # In HTML a line end is only a space; people who write a bold word in plain lines mean lines.
    if any((tag[2] or "").lower() in _BLOCKS for tag in _TAG.finditer(text)):
        text = text.replace("\r", "\n").replace("\n", " ")
    kept, at, hidden, target = [], 0, "", ""
    while found := _TAG.search(text, at):
        if not hidden:
            kept.append(text[at : found.start()])
        at = found.end()
        if found[0] == "<!--":
            end = text.find("-->", at)
            at = len(text) if end < 0 else end + 3
            continue
        is_end, name = bool(found[1]), (found[2] or "").lower()
        if hidden:
            hidden = "" if is_end and name == hidden else hidden
        elif name in _HIDDEN:
            hidden = "" if is_end else name
        elif name == "a":
            kept.append(f" ({target})" if is_end and _is_news(target, kept) else "")
            link = None if is_end else _HREF.search(found[3])
            target = link[1] if link else ""
        elif name == "p":
            kept.append("\n\n" if is_end else "\n")
        elif name == "li":
            kept.append("" if is_end else "\n- ")
        elif name in _BREAKS:
            kept.append("\n")
    return "".join(kept) + ("" if hidden else text[at:])


def _is_news(target: str, kept: list[str]) -> bool:
    """Whether the words of a link do not say themselves where it leads."""
    return bool(target) and html.unescape(kept[-1]).strip().rstrip("/") != target.rstrip("/")
