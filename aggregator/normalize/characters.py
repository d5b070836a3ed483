"""Plain text as it should be: Unicode NFC, whole entities, no control signs, no mojibake."""

from __future__ import annotations

import html
import re
import unicodedata

# What XML 1.0 cannot carry (section 2.2), lone surrogates and non-characters included.
_NOT_XML = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# UTF-8 read as Windows-1252 shows in pairs like these; ftfy looks only at texts that have them.
_MOJIBAKE = re.compile(
    "[ÂÃ][\x80-\xbf¡-¿€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œŸ]|â[\x80€][\x80-\xbf™œ˜\x9d“”¦]|ï»¿|Ð[\x80-\xbf°-¿]"
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_QUOTES = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "`": "'", "´": "'", "′": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
        "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "…": "...", "\u00a0": " ", "\u00ad": "",
        "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u2060": "",
    }
)  # fmt: skip


def repair(text: str) -> str:
    """The text in NFC, without signs that XML cannot carry, mojibake undone where it shows."""
    if text.isascii():
        return _NOT_XML.sub("", text) if not text.isprintable() else text
    text = _NOT_XML.sub("", text)
    if _MOJIBAKE.search(text):
        import ftfy

        text = ftfy.fix_encoding(text)
        text = _NOT_XML.sub("", text)
    return unicodedata.normalize("NFC", text)


def line(text: str) -> str:
    """A title, a name: tags off, entities whole (also those escaped twice), one line."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    for _ in range(3):
        if "&" not in text or not _ENTITY.search(text):
            break
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    return " ".join(repair(text).split())


def key(text: str) -> str:
    """The form in which two pieces of text count as the same: quotes, case, spaces folded."""
    text = text.replace("`", "'") if text.isascii() else text.translate(_QUOTES)
    return " ".join(text.split()).casefold()
