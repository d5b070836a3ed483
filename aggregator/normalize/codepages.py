"""Documents that are not the UTF-8 they say they are → UTF-8.

Either all of one is in the code page its program wrote before everybody had UTF-8, or it is UTF-8
but for some bytes: a character cut in half, a name pasted from elsewhere. Runs of bytes beyond
ASCII tell which, since hardly one of another encoding is valid UTF-8 from its first byte to its last.
"""

from __future__ import annotations

import re

from aggregator.query import primary_of

_WESTERN = "windows-1252"
_PAGES = {
    lang: page
    for page, langs in {
        "windows-874": "th",
        "windows-1250": "pl cs sk hu sl hr ro",
        "windows-1251": "ru uk bg be mk",
        "windows-1253": "el",
        "windows-1254": "tr az",
        "windows-1255": "he iw",
        "windows-1256": "ar fa",
        "windows-1257": "lt lv et",
        "windows-1258": "vi",
    }.items()
    for lang in langs.split()
}
# Python has no other name for it.
_CODECS = {"windows-874": "cp874"}
# What declared names stand for, as feedparser has it.
_WIDER = {"gb2312": "gb18030"}
_RUN = re.compile(rb"[\x80-\xff]+")
_SIGN = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_WHOLE = 0.9
"""The share of a run that signs of UTF-8 must be."""
_LANGUAGE = re.compile(
    rb"<(?:\w{1,20}:)?language(?:\s[^<>]{0,200})?>\s*(?:<!\[CDATA\[\s*)?([A-Za-z]{2,3})\b",
    re.IGNORECASE,
)
_XML_LANG = re.compile(rb"""\sxml:lang\s*=\s*["']\s*([A-Za-z]{2,3})\b""")
_ITEM = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>]")
TORN = "not all of it is UTF-8, as it should be"


def fits(body: bytes, charset: str) -> bool:
    """Whether a document can be in a charset."""
    try:
        body.decode(_WIDER.get(charset, charset))
    except (UnicodeError, LookupError):
        return False
    return True


def in_utf8(body: bytes) -> tuple[bytes, str] | None:
    """A document that is in no charset that it declares, as UTF-8, and the sentence that says so.

    None where nothing is known but that it is no UTF-8: the parser reads it as Windows-1252 then.
    """
    page = _PAGES.get(_language(body), _WESTERN)
    runs = _RUN.findall(body)
    if sum(map(_looks_like_utf8, runs)) * 2 > len(runs):
        return _RUN.sub(lambda run: _mended(run[0], page), body), TORN
    if page == _WESTERN:
        return None
    told = f"it is not UTF-8, as it should be; by its language it was read as {page.capitalize()}"
    return _read_as(page, body), told


def _language(body: bytes) -> str:
    """The language that a feed says it is in, without its region; "" where it says none."""
    item = _ITEM.search(body)
    around = body[: item.start()] if item else body
    # The feed's own may stand behind its items; any item's is better than none.
    found = _LANGUAGE.search(around) or _XML_LANG.search(around) or _LANGUAGE.search(body)
    return primary_of(found[1].decode()) if found else ""


def _looks_like_utf8(run: bytes) -> bool:
    """Whether it is, but for a sign or two: those of a text without blanks stand in long runs."""
    return sum(map(len, _SIGN.findall(run))) >= _WHOLE * len(run)


def _as_utf8(run: bytes) -> str | None:
    """What a run of bytes says in UTF-8, also where each half of a pair was written by itself."""
    try:
        return run.decode()
    except UnicodeDecodeError:
        pass
    try:
        return (
            run.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
        )
    except UnicodeDecodeError:
        return None


def _mended(run: bytes, page: str) -> bytes:
    """A run in a document of UTF-8: one without any sign of it was pasted, others are torn."""
    text = _as_utf8(run)
    if text is not None:
        return text.encode()
    return run.decode("utf-8", "replace").encode() if _SIGN.search(run) else _read_as(page, run)


def _read_as(page: str, body: bytes) -> bytes:
    return body.decode(_CODECS.get(page, page), "replace").encode()
