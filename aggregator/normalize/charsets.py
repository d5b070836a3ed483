"""Which charset texts are in that are not UTF-8: by their language, and where that leaves several
by their letters. What can be told of few letters only by luck is not told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from aggregator.query import primary_of

WESTERN = "Windows-1252"
_CENTRAL = "Windows-1250"
_CYRILLIC = "Windows-1251"
_PAGES = {
    lang: page
    for page, langs in {
        "Windows-874": "th",
        _CENTRAL: "pl cs sk hu sl hr bs sh ro",
        _CYRILLIC: "ru uk bg be mk",
        "Windows-1253": "el",
        "Windows-1254": "tr az",
        "Windows-1255": "he iw",
        "Windows-1256": "ar fa",
        "Windows-1257": "lt lv et",
        "Windows-1258": "vi",
    }.items()
    for lang in langs.split()
}
_LATIN = {WESTERN, _CENTRAL, "Windows-1254", "Windows-1257", "Windows-1258", "ISO-8859-2"}
# Python has no other name for the first; the others are what is really written under the name.
_CODECS = {"Windows-874": "cp874", "Big5": "cp950", "Shift_JIS": "cp932", "EUC-KR": "cp949"}
# What declared names stand for, as feedparser has it.
_WIDER = {"gb2312": "gb18030"}

_BIG5 = ("Big5", "Big5-HKSCS", "GB18030")
_COMMON_CHINESE = "GB2312"
# The strictest first: what is in one of the later ones can hardly be read in those before it.
_WIDE = {
    "ja": ("EUC-JP", "Shift_JIS"),
    "ko": ("EUC-KR",),
    "zh": (_COMMON_CHINESE, "Big5", "GB18030"),
    **dict.fromkeys(("zh-cn", "zh-sg", "zh-hans"), ("GB18030",)),
    **dict.fromkeys(("zh-tw", "zh-hk", "zh-mo", "zh-hant"), _BIG5),
}
_RARE = 10
"""Of so many signs one may be none of the common ones: of Big5, two in five are none of these."""
_TORN = 50
"""Of so many signs one may be torn."""
_BESIDE = re.compile(r"[^\0-\x7f]{2,}")
_BEYOND = re.compile(r"[^\0-\x7f]")

_OTHER_CYRILLIC = ("KOI8-R", "ISO-8859-5")
_COMMON = frozenset("оеаинтОЕАИНТ")
"""Nearly half the letters of a text in Cyrillic, and a quarter of what is read as such and is none."""
_MARGIN = 0.15
_ENOUGH = 20
_ENOUGH_UNSAID = 60
_SURE = 0.38
_LETTER = re.compile(r"[^\W\d_]")
_INSIDE = re.compile(r"(?<=[^\W\d_])[^\W\d_]")
_SAMPLE = 100_000
# Letters that Windows-1250 and ISO-8859-2 have in different places, or one of them has there.
_CENTRAL_LETTERS = {
    "pl": frozenset("ąśźĄŚŹ"),
    **dict.fromkeys(("cs", "sk"), frozenset("šťžľŠŤŽĽ")),
    **dict.fromkeys(("sl", "hr", "bs", "sh", "sr"), frozenset("šžŠŽ")),
}
_ONLY_WINDOWS = re.compile(rb"[\x80-\x9f]")

# Of the letters that are first bytes in UTF-8 as well, those that a language does not have.
_FOREIGN = {
    lang: letters
    for letters, langs in {"ÂÃ": "en de es it ca da no nb nn sv fi", "Ã": "fr nl"}.items()
    for lang in langs.split()
}


def codec(page: str) -> str:
    """What Python calls a charset."""
    return _CODECS.get(page) or _WIDER.get(page, page)


def is_latin(page: str) -> bool:
    """Whether a code page of one byte a sign is one for Latin letters."""
    return page in _LATIN


def is_foreign(letter: str, tag: str) -> bool:
    """Whether a language is known to be written without a letter."""
    return letter in _FOREIGN.get(primary_of(tag), "")


@cache
def signs_of(page: str) -> frozenset[str]:
    """What can be written in a code page beyond ASCII, also with marks that it has by themselves."""
    own = frozenset(bytes(range(0x80, 0x100)).decode(codec(page), "ignore"))
    marks = [sign for sign in own if unicodedata.combining(sign)]
    letters = [*map(chr, range(0x41, 0x7B)), *own]
    # Vietnamese letters are made in two steps, as ơ and its tone.
    made = (unicodedata.normalize("NFC", letter + mark) for mark in marks for letter in letters)
    return own | {sign for sign in made if len(sign) == 1}


def wide_pages(tag: str) -> tuple[str, ...]:
    """The charsets that texts in a language of many signs may be in; none for other languages."""
    return _WIDE.get(tag) or _WIDE.get(primary_of(tag), ())


def wide_page(pages: Sequence[str], body: bytes) -> str:
    """That of the charsets which texts are in; "" where they are in none.

    Single letters between ASCII are no Chinese: an apostrophe of Windows-1252 and the letter behind
    it are one sign in each of these charsets.
    """
    best, fewest = "", len(body)
    for page in pages:
        text = body.decode(codec(page), "replace")
        if page == _COMMON_CHINESE and text.count("\ufffd") * _RARE <= len(_BEYOND.findall(text)):
            return wide_page(("GB18030",), body)
        torn = text.count("\ufffd")
        signs = len(_BEYOND.findall(text))
        beside = sum(map(len, _BESIDE.findall(text)))
        if torn < fewest and torn * _TORN <= signs and beside * 2 > signs:
            best, fewest = page, torn
    return best


def page_of(tag: str, runs: Sequence[bytes]) -> tuple[str, bool]:
    """The code page of texts in a language, of which these are the runs beyond ASCII; and whether
    their letters told it where the language does not."""
    lang = primary_of(tag)
    sample = b" ".join(runs)[:_SAMPLE]
    words = len(sample) >= 4 * (sample.count(b" ") + 1) - 1
    page = _PAGES.get(lang, WESTERN)
    if lang == "sr":
        page = _CYRILLIC if words else _CENTRAL
    if page == _CYRILLIC:
        return _cyrillic(sample), False
    if lang in _CENTRAL_LETTERS:
        return _central(_CENTRAL_LETTERS[lang], sample), False
    if page == WESTERN and words and (found := _cyrillic_unsaid(sample)):
        return found, True
    return page, False


def _cyrillic(sample: bytes) -> str:
    best, most = _CYRILLIC, _common(sample, _CYRILLIC) + _MARGIN
    if len(sample) < _ENOUGH:
        return best
    small = _small(sample, _CYRILLIC)
    for page in _OTHER_CYRILLIC:
        share = _common(sample, page)
        if share > most and _small(sample, page) > small:
            best, most = page, share
    return best


def _cyrillic_unsaid(sample: bytes) -> str:
    """The page of Cyrillic in a text of another language or none, "" where it is something else:
    letters that are common there, in words that are small but for how some of them begin."""
    page = _cyrillic(sample)
    text = sample.decode(codec(page), "replace")
    words = text.split()
    if (
        len(_LETTER.findall(text)) >= _ENOUGH_UNSAID
        and _common(sample, page) >= _SURE
        and _small(sample, page) >= 0.8
        and sum(word.istitle() for word in words) * 20 >= len(words)
    ):
        return page
    return ""


def _common(sample: bytes, page: str) -> float:
    letters = _LETTER.findall(sample.decode(codec(page), "replace"))
    return sum(map(_COMMON.__contains__, letters)) / max(1, len(letters))


def _small(sample: bytes, page: str) -> float:
    """The share of small letters in words behind their first."""
    inside = _INSIDE.findall(sample.decode(codec(page), "replace"))
    return sum(map(str.islower, inside)) / max(1, len(inside))


def _central(letters: frozenset[str], sample: bytes) -> str:
    """ISO-8859-2 has nothing where Windows-1250 has quotes, dashes and some letters."""
    if _ONLY_WINDOWS.search(sample):
        return _CENTRAL
    windows, iso = (
        sum(map(letters.__contains__, sample.decode(codec(page))))
        for page in (_CENTRAL, "ISO-8859-2")
    )
    return "ISO-8859-2" if iso > windows + 1 else _CENTRAL
