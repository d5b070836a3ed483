"""Plain text as it should be: Unicode NFC, whole entities, no control signs, no mojibake, no tags."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Container

# What XML 1.0 cannot carry (section 2.2), lone surrogates and non-characters included, and the
# signs that turn the direction of all text after them.
_NOT_XML = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# The same of ASCII, and its blanks but the common one: to look at a text's bytes takes a third of the
# time that its signs take, and most texts are ASCII.
_NOT_XML_ASCII = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_OTHER_BLANKS = b"\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
# UTF-8 read as Windows-1252 shows in pairs like these; ftfy looks only at texts that have them.
_MOJIBAKE = re.compile(
    "[ÂÃ][\x80-\xbf¡-¿€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œŸ]|â[\x80€][\x80-\xbf™œ˜\x9d“”¦]|ï»¿|Ð[\x80-\xbf°-¿]"
)
# Where a line may break in a word, or may not. Thai, Lao, Burmese, Khmer and their kin, which set no
# blanks between words, need the zero width space; Persian and Indic words, and emoji, the joiners.
_UNSEEN = re.compile(
    "[\u00ad\u2060\ufeff]|\u200b++([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u1aaf\u1b00-\u1b7f"
    "\ua980-\ua9df\uaa60-\uaa7f])?"
)
# The same after capitals may as well be what it is: “CAMPEÃ”, «IRMÃ». Other pairs have to tell.
_CLOSED = re.compile("(?<=[A-ZÀ-ÞĐ])Ã(?:[»\u00a0]|[”’…—–›](?!\\w))")
_WORD = re.compile("(?:[^\\s<>]|(?<=[ÃÂ])\u00a0)+")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# An ampersand that was escaped, and escaped again, before what follows it.
LAYERS = re.compile(r"&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+")
_TAG = re.compile(
    r"<(?:!--[^<>]*--|![a-z][^<>]*|(/?)(?:"
    r"(a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|nobr|q|s|samp"
    r"|small|span|strike|strong|sub|sup|time|tt|u|var|wbr)"
    r"|(address|applet|area|article|aside|audio|base|blockquote"
    r"|body|br|button|canvas|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|embed"
    r"|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hgroup|hr|html"
    r"|iframe|image|img|input|isindex|keygen|label|legend|li|link|main|map|marquee|math|menu|meta"
    r"|nav|noframes|noscript|object|ol|optgroup|option|output|p|param|picture|plaintext|pre"
    r"|progress|ruby|rp|rt|script|section|select|slot|source|style|summary|svg|table|tbody|td"
    r"|template|textarea|tfoot|th|thead|title|tr|track|ul|video|xmp|\w+[:-][\w:-]+))"
    r"((?:[\s/][^<>]*)?))>",
    re.IGNORECASE,
)
# Elements that stand alone, in one line and in a text.
_BREAKS = frozenset(["br", "wbr"])
_UNCLOSED = _BREAKS | {"hr", "img", "p"}
# Signs that are written in several ways. One by one, since most texts have one or two of them,
# and str.translate takes fifty times as long.
_FOLDS = tuple(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "`": "'", "´": "'", "′": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
        "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "…": "...", "\u00a0": " ", "\u00ad": "",
        "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u2060": "",
    }.items()
)  # fmt: skip


def storable(text: str) -> str:
    """The text without signs that XML, and with it every feed, cannot carry."""
    if not text.isascii():
        return _NOT_XML.sub("", text)
    kept = text.encode().translate(None, _NOT_XML_ASCII)
    return text if len(kept) == len(text) else kept.decode()


def repair(text: str) -> str:
    """The text as it is stored: :func:`mended`, and without signs that XML cannot carry."""
    return mended(storable(text))


def mended(text: str) -> str:
    """The storable text in NFC, mojibake undone where it shows, without signs that have no width."""
    if text.isascii():
        return text
    text = decoded(text)
    if "\u00ad" in text or "\u200b" in text or "\u2060" in text or "\ufeff" in text:
        shorter = _UNSEEN.sub(lambda found: f"\u200b{found[1]}" if found[1] else "", text)
        # What they stood between may be mojibake, or make one sign.
        return mended(shorter) if shorter != text else text
    return text


def decoded(text: str) -> str:
    """The storable text in NFC, mojibake undone where it shows."""
    if text.isascii():
        return text
    # Five quick looks for what mojibake cannot do without spare most texts the pattern.
    suspect = "Ã" in text or "Â" in text or "â" in text or "Ð" in text or "ï»¿" in text
    if suspect and _MOJIBAKE.search(_CLOSED.sub("", text)):
        # Word by word: one whole sign elsewhere would keep all of a text from being mended.
        text = _NOT_XML.sub("", _WORD.sub(_mended_word, text))
    return unicodedata.normalize("NFC", text)


def _mended_word(word: re.Match[str]) -> str:
    if not _MOJIBAKE.search(word.group(0)):
        return word.group(0)
    import ftfy

    return str(ftfy.fix_encoding(word.group(0)))


def is_markup(text: str) -> bool:
    """Whether a text has tags of HTML in it that mark it up.

    A lone "<" makes none; nor is an element used that is only named, as in "the <video> element".
    """
    opened: set[str] = set()
    for tag in _TAG.finditer(text) if "<" in text else ():
        name = _name(tag)
        if tag[1] or name in _UNCLOSED or _marks_up(tag, opened):
            return True
        opened.add(name)
    return False


def _name(tag: re.Match[str]) -> str:
    return (tag[2] or tag[3] or "").lower()


def _marks_up(tag: re.Match[str], used: Container[str]) -> bool:
    """Whether it is a comment, says something of an element, or is of one that is ``used``."""
    name = _name(tag)
    return not name or "=" in tag[4] or name in used


def line(text: str, *, markup: bool = True) -> str:
    """A title, a name: tags off, entities whole (also those escaped twice), one line.

    Without ``markup`` it is text by its format's own word, and what looks like tags stays.
    """
    text = repair(text)
    if "<" in text or "&" in text:
        text = repair(_unmarked(text, tags=markup))
    return " ".join(text.split())


def _unmarked(text: str, *, tags: bool) -> str:
    # What was escaped twice shows its tags only after the first round; a handful is plenty.
    for _ in range(8):
        before = text
        if tags and "<" in text:
            text = _without_tags(text)
        if "&" in text:
            whole = ENTITY.sub(lambda found: html.unescape(found.group(0)), LAYERS.sub("&", text))
            # A sign without a width may have hidden a tag.
            text = repair(whole)
        if text == before:
            break
    return text


def _without_tags(text: str) -> str:
    """Without the tags of elements that are opened and closed, or have attributes: others are named."""
    opened, closed = set(_BREAKS), set(_BREAKS)
    for tag in _TAG.finditer(text):
        (closed if tag[1] else opened).add(_name(tag))
    used = opened & closed

    def instead(tag: re.Match[str]) -> str:
        if not _marks_up(tag, used):
            return tag[0]
        return "" if tag[2] else " "

    return _TAG.sub(instead, text)


def key(text: str, *, spaced: bool = False) -> str:
    """The form in which two pieces of text count as the same: quotes, case, spaces folded. Of one that
    is :func:`single_spaced` (``spaced``) it takes half the time."""
    if text.isascii():
        return (text if spaced else single_spaced(text)).replace("`", "'").lower()
    for sign, plain in _FOLDS:
        if sign in text:
            text = text.replace(sign, plain)
    return " ".join(text.split()).casefold()


def single_spaced(text: str) -> str:
    """The text with one blank wherever there is any, and none at its ends."""
    # Most texts are so already, and to look costs a tenth of taking them apart.
    if text.isascii() and "  " not in text:
        told = text.encode()
        if len(told.translate(None, _OTHER_BLANKS)) == len(told):
            return text.strip()
    return " ".join(text.split())
