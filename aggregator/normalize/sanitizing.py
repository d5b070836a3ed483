"""Untrusted HTML → safe, well-formed HTML, without the elements that a template marks as furniture.

nh3 decides what is safe. What publishers call a share bar, an advert or a list of
related posts in ``class`` or ``id`` is left out whole, and so is what is hidden above
all text, as newsletters hide what mail programs show in their lists; a caption marked
only so becomes one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

import nh3

from aggregator.normalize.embeds import HELD_BACK, marked

INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "small",
    "strong", "sub", "sup", "time", "u",
}  # fmt: skip
WHOLE = {"pre", "table"}
TABLE = {"thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col"}
HEADINGS = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6"}
BREAKS = {
    "p", "div", "section", "article", "header", "footer", "main", "aside", "figure", "figcaption",
    "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "hr", "center", "details", "summary",
    *HEADINGS,
}  # fmt: skip
_GONE = {"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "form", "button", "select", "textarea", "title", "head", "nav"}  # fmt: skip
_IMAGE = {"src", "alt", "width", "height", "srcset", "data-src", "data-original", "data-lazy-src", "data-srcset", "data-lazy-srcset"}  # fmt: skip
# See ``embeds``.
_EMBED = {"data-as", "src", "data-src", "data-original", "data-lazy-src", "data", "value", "title", "poster", "width", "height", *HELD_BACK}  # fmt: skip
_MARKS = {"class", "id", "style", "hidden"}
_KEPT = {
    "a": {"href"},
    "img": _IMAGE,
    "embed": _EMBED,
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
    "bdo": {"dir"},
    "ol": {"start", "reversed"},
    "li": {"value"},
}
_TAGS = INLINE | WHOLE | BREAKS | TABLE | {"img", "br", "span", "font", "embed"}


def _cleaner(*, marked: bool) -> nh3.Cleaner:
    attributes = _KEPT | {"*": _MARKS} if marked else _KEPT
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=attributes,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


_CLEANER, _CLEANER_OF_MARKED = _cleaner(marked=False), _cleaner(marked=True)
TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:[^<>"]|"[^"]*")*)>')
_VOID = {"img", "br", "hr", "col", "embed"}

# What stands behind a name of furniture where the text itself is in it.
_HOLDS = r"(?:body|content|text|article|main|wrap|wrapper|section|target)\b"
# What templates call the parts of a page that are no text.
_NAMES = (
    # Adverts
    r"ads?|adv|adverts?|advertise\w*|advertising|adsense|adsbygoogle|ad-?(?:slot|unit|container|wrap|wrapper|banner|block|box|label|inner|placeholder|area|zone|space)s?(?:-\w+)*",
    r"advert-[\w-]+|(?:google|dfp|gpt|banner|inline|text|native|in-?article|mpu|leaderboard)-?ads?(?:-\w+)*|banner-\d+",
    r"sponsor(?:ed|s)?(?:-(?:content|posts?|links?|box|message|ad|by))?|promoted(?:-(?:content|posts?|links?))?|outbrain\w*|taboola[\w-]*",
    # Sharing
    r"shar(?:e|ing)(?:-?(?:bar|buttons?|links?|tools?|icons?|this|box|post|container|widget|list|menu))?|sharedaddy|sd-(?:sharing|like|block)[\w-]*",
    r"social(?:-?(?:share|sharing|links?|icons?|buttons?|bar|media|list))?|sharethis[\w-]*|addtoany[\w-]*|a2a[\w-]*|addthis[\w-]*|ssba[\w-]*|heateor[\w-]*|shareaholic[\w-]*|feedflare",
    # Onward
    r"related(?:-?(?:posts?|articles?|links?|stories|story|content|news|topics|items|reading|box|list))?|jp-relatedposts|yarpp[\w-]*|crp[-_]related|(?:see|read)-also|lees-ook",
    rf"recommended-?(?:posts?|articles?|links?|stories)|more-(?:link|stories|articles)|(?:read-?more|continue-reading)(?:-(?!{_HOLDS})\w+)?",
    # Letters, cookies
    rf"newsletter(?:-(?!{_HOLDS})\w+)*|subscribe(?:-?(?:box|form|widget|prompt|cta|link|button|block))?|wp-block-jetpack-subscriptions[\w-]*|mc4wp[\w-]*|mailchimp[\w-]*|sign-?up(?:-(?:form|box|prompt|cta))?",
    r"(?:cookie|gdpr|consent)-?(?:notice|banner|bar|law|box|popup|message)[\w-]*",
    # Counters, and what is only for screen readers or editors
    r"post-?views?(?:-\w+)?|view-?count(?:er)?|comments?-?(?:count|link|counter)|screen-reader-text|sr-only|visually-?hidden|mw-editsection",
)
_FURNITURE = re.compile(f"(?:{'|'.join(_NAMES)})", re.IGNORECASE)
_CAPTION = re.compile(r"(?:wp-|image-|img-|photo-|figure-|media-|picture-)?caption(?:-text)?|(?:image|photo|picture)-(?:credit|legend|description)", re.IGNORECASE)  # fmt: skip
# A quick look, which spares most texts the slower cleaner and a second walk.
_HINT = re.compile(
    r"""\b(?:class|id)\s*=\s*["']?[^"'<>=]{0,120}?(?:ad|shar|social|a2a|ssba|heateor|feedflare|relat|yarpp|crp|also|lees-|recommended|more|continue-"""
    r"""|newsletter|subscri|mc4wp|mailchimp|sign-?up|cookie|gdpr|consent|views?|count|comment|sr-only|hidden|editsection|screen-|sponsor|promoted|outbrain|taboola|banner|caption|credit|legend|description)""",
    re.IGNORECASE,
)
_MARK = re.compile(r' (?:class|id)="([^"]*)"')
_MARKING = re.compile(r' (?:class|id|style|hidden)="[^"]*"')
_HEADING = re.compile(r"<(h[1-6])\b[^<>]*>.*?</\1>", re.DOTALL)
_CLASS = re.compile(r' class="([^"]*)"')
_CAPTIONED = {"p", "div", "span", "small", "dd", "em", "i", "center"}
# The cost of cleaning grows with the square of the depth, and nobody writes a text so deep.
_MANY_TAGS, _DEEPEST = 5000, 500
_TAG = re.compile(r"<[^<>]*>")
_OPENED = re.compile(r"<(/?)([a-z]+)", re.IGNORECASE)
_ENDS_BY_ITSELF = {*_VOID, "p", "li", "dt", "dd", "td", "th", "tr", "option"}
# An image that only scripts would load, and beside it the one for who runs none.
_LATE_IMAGE = re.compile(
    r"<img\b([^<>]*+)>\s*+<noscript>\s*+(<img\b[^<>]*+>)\s*+</noscript\s*>", re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"""\bsrc\s*=\s*["']?data:""", re.IGNORECASE)
_HIDDEN = re.compile(r' (?:hidden=""|style="(?:[^"]*;)?\s*display\s*:\s*none\b)', re.IGNORECASE)
_TOP = 500
"""Characters within which something is hidden above all text."""
# What holds so much text is the article itself, whatever it is called.
_ARTICLE = 1500


def sanitized(source: str) -> str:
    """The safe part of untrusted HTML, well formed, as nh3 writes it."""
    low = source.lower()
    if _too_deep(source):
        source = _TAG.sub(" ", source)
    else:
        source = marked(_with_late_images(source, low), low)
    if not (_may_be_marked(low) and _HINT.search(source)) and not _may_hide(source):
        return _CLEANER.clean(source)
    parts = TOKEN.split(_CLEANER_OF_MARKED.clean(source))
    kept = _without_marked(parts, whole=False)
    # Where nothing is left, all of it was the text, under an unlucky name.
    return kept if _says_something(kept) else _without_marked(parts, whole=True)


def _with_late_images(source: str, low: str) -> str:
    """With what ``noscript`` holds in the place of an image that only scripts would load."""
    if "<noscript" not in low:
        return source
    return _LATE_IMAGE.sub(lambda two: two[2] if _PLACEHOLDER.search(two[1]) else two[0], source)


def _too_deep(source: str) -> bool:
    """Whether elements stand in each other deeper than in any text of a person."""
    if source.count("<") < _MANY_TAGS:
        return False
    depth = deepest = 0
    for closing, name in _OPENED.findall(source):
        if name.lower() not in _ENDS_BY_ITSELF:
            depth = max(depth - 1, 0) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest > _DEEPEST


def _may_be_marked(low: str) -> bool:
    """Whether any element can have a class or an id: quicker to say than by the pattern."""
    return "class" in low or "id=" in low or "id =" in low


def _may_hide(source: str) -> bool:
    """Whether anything above the text may be hidden."""
    low = source[:_TOP].lower()
    return "hidden" in low or "display" in low


def _without_marked(parts: list[str], *, whole: bool) -> str:
    """The same without marks, and without what they mark; ``whole`` keeps the latter."""
    out = [parts[0]]
    ends, said = _ends(parts), list(accumulate(len(text) for text in parts[::4]))
    captions: set[int] = set()
    data = _of_data(parts) if "th" in parts[2::4] else set[int]()
    above, at = not parts[0].strip(), 1
    while at < len(parts):
        closing, name, written, text = parts[at : at + 4]
        attributes = written if closing else _MARKING.sub("", written)
        if attributes != written:
            names, end = _called(name, written), ends.get(at, at)
            if "promoted" in names and _is_a_line(name, parts[at + 5 : end : 4]):
                # A team.
                names = [one for one in names if one != "promoted"]
            # An image may be hidden for a program that knows it by its name to show.
            hidden = above and "img" not in parts[at + 1 : end + 2 : 4] and _HIDDEN.search(written)
            gone = hidden or any(map(_FURNITURE.fullmatch, names))
            if gone and not whole and said[end // 4] - said[at // 4] < _ARTICLE and at not in data:
                # A paragraph before and one after stay two.
                out += ("<hr>" if name in BREAKS else "", parts[end + 3])
                above, at = above and not parts[end + 3].strip(), end + 4
                continue
            if name in _CAPTIONED and any(map(_CAPTION.fullmatch, names)):
                captions |= {at, end}
        name = "figcaption" if at in captions else name
        out.append(f"<{closing}{name}{attributes}>{text}")
        above, at = above and not text.strip(), at + 4
    return "".join(out)


def _called(name: str, attributes: str) -> list[str]:
    """What the marks of an element call it."""
    # What writes Markdown as HTML makes the id of a heading of its words.
    marks = (_CLASS if name in HEADINGS else _MARK).findall(attributes)
    return " ".join(marks).replace("_", "-").lower().split()


def _is_a_line(name: str, tags: Sequence[str]) -> bool:
    """Whether an element with these tags in it is a line of a list, or of a table with several cells,
    which no advert fills."""
    # A cell has a tag that opens it, and one that closes it.
    return name == "li" or (name == "tr" and "table" not in tags and tags.count("td") > 2)


def _ends(parts: list[str]) -> dict[int, int]:
    """Where each element that opens at a place of well-formed HTML closes."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for at in range(1, len(parts), 4):
        if not parts[at]:
            if parts[at + 1] not in _VOID:
                opened.append(at)
        elif opened:
            ends[opened.pop()] = at
    return ends


def _of_data(parts: list[str]) -> set[int]:
    """Where the rows, cells and groups of tables with a head cell open: what is promoted there is
    a team."""
    found: set[int] = set()
    tables: list[tuple[list[int], bool]] = []
    for at in range(1, len(parts), 4):
        closing, name = parts[at : at + 2]
        if name == "table" and not closing:
            tables.append(([], False))
        elif name == "table" and tables:
            inside, headed = tables.pop()
            found.update(inside if headed else ())
        elif name in TABLE and not closing and tables:
            inside, headed = tables[-1]
            inside.append(at)
            tables[-1] = (inside, headed or name == "th")
    return found


def _says_something(safe: str) -> bool:
    """Whether there is an image, or any text but headings."""
    return "<img" in safe or bool(TOKEN.sub("", _HEADING.sub("", safe)).strip())
