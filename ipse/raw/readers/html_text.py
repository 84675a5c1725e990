"""HTML as plain text that keeps paragraphs, headings, lists and quotations apart.

Headings get `#`, list items `-`, and what was quoted gets `>`, so that the readers of prose and
mail see in it what they see in text. Knows nothing of where the HTML came from.
"""

from __future__ import annotations

import re
import warnings
from html import unescape

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag
from bs4.exceptions import ParserRejectedMarkup

_SILENT = frozenset(("script", "style", "head", "template", "noscript", "svg", "nav", "iframe", "object"))
_BLOCKS = re.compile(
    r"address|article|aside|body|br|d[dtl]|div|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|li|main"
    r"|[ou]l|p|pre|section|table|tr|en-note"
)
_PARAGRAPHS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote"))
_MARKS = {f"h{level}": "#" * level + " " for level in range(1, 7)} | {"li": "- "}
_QUOTES = ("gmail_quote", "yahoo_quoted", "moz-cite-prefix", "OutlookMessageHeader")
# "<![if !mso]>" and the like, which Outlook writes and the parser may choke on.
_SECTION = re.compile(r"<!\[[^<>]*>")
_UNCLOSED = re.compile(r"<(?=[^<>]*(?:<|\Z))")
_PROLOG = re.compile(r"\s*<\?xml[^<>]*>")
_MAX_DEPTH = 200


def from_html(html: str) -> str:
    """The readable text of an HTML document or fragment; never raises."""
    html = _without_comments(_PROLOG.sub("", html))
    if html.count("<") > 2 * html.count(">") + 1000:  # tags that never close cost quadratic time as well
        html = _UNCLOSED.sub("&lt;", html)
    try:
        with warnings.catch_warnings():  # about text that looks like XML, a path or an address: it may
            warnings.simplefilter("ignore", UserWarning)
            soup = BeautifulSoup(_SECTION.sub(" ", html).replace("<![", " "), "html.parser")
    except ParserRejectedMarkup:  # declarations too broken to be parsed: what is between the tags stays
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^<>]*>?", " ", html))).strip()
    out: list[str] = []
    _walk(soup, out, 0)
    text = re.sub(r"[^\S\n]+", " ", "".join(out))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n *", "\n", text)).strip()


def _without_comments(html: str) -> str:
    """The parser takes quadratic time over comments that never close; an open one ends the text."""
    kept: list[str] = []
    position = 0
    while (start := html.find("<!--", position)) >= 0:
        kept.append(html[position:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        position = end + 3
    return "".join((*kept, html[position:]))


def _walk(node: Tag, out: list[str], depth: int) -> None:
    if depth > _MAX_DEPTH:  # hostile nesting: take the text and leave the structure
        out.append(node.get_text(" "))
        return
    for child in node.children:
        if isinstance(child, Tag):
            _tag(child, out, depth)
        else:
            _string(child, out, inside_pre=node.name == "pre")


def _string(child: PageElement, out: list[str], *, inside_pre: bool) -> None:
    if isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
        out.append(str(child) if inside_pre else re.sub(r"\s+", " ", str(child)))


def _tag(tag: Tag, out: list[str], depth: int) -> None:
    if tag.name in _SILENT:
        return
    if tag.name == "blockquote" or _is_quote(tag):
        inner: list[str] = []
        _walk(tag, inner, depth + 1)
        quoted = "".join(inner).strip()
        out.append("\n" + "\n".join("> " + line.strip() for line in quoted.split("\n")) + "\n\n" if quoted else "")
        return
    if _BLOCKS.fullmatch(tag.name):
        out.append("\n\n" if tag.name in _PARAGRAPHS else "\n")
    out.append(_MARKS.get(tag.name, ""))
    _walk(tag, out, depth + 1)
    if tag.name in ("td", "th"):
        out.append(" ")
    elif tag.name in _PARAGRAPHS:
        out.append("\n\n")
    elif tag.name != "br" and _BLOCKS.fullmatch(tag.name):
        out.append("\n")


def _is_quote(tag: Tag) -> bool:
    return any(name in _QUOTES for name in tag.get_attribute_list("class"))
