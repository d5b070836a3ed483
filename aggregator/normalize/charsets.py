"""Which charset texts are in that are not UTF-8: by their language, and where that leaves several
by their letters. What can be told of few letters only by luck is not told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from aggregator.normalize.decoding import (
    RARE,
    TORN_IN,
    beside,
    codec,
    counted,
    declared_codec,
    family,
    is_of_many,
    is_of_one_byte,
)
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
# What feeds say they are in that say nothing of it.
_UNSAID = {"", "en"}
_WESTERN = {"cp1252", "iso8859-1", "iso8859-15"}

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
_OTHER_CYRILLIC = ("KOI8-R", "ISO-8859-5")
_COMMON = frozenset("оеаинтОЕАИНТ")
"""Nearly half the letters of a text in Cyrillic, and a quarter of what is read as such and is none."""
_BY_FREQUENCY = "оеаинтсрвлікмдпуяыьгзбчйхжшюцщэфъјїєўљњёђћѓќџґѕ"
_RANKS = {cased: at for at, one in enumerate(_BY_FREQUENCY) for cased in (one, one.upper())}
_MARGIN = 3
"""So many ranks lower must the letters of a text be, on the average, that is not in Windows-1251."""
_ENOUGH = 20
_ENOUGH_UNSAID = 60
_SURE = 0.38
_LETTER = re.compile(r"[^\W\d_]")
# Half of KOI8-R is lines for boxes, which no text has.
_LETTER_OR_LINE = re.compile(r"[^\W\d_]|[\u2500-\u25a0]")
_INSIDE = re.compile(r"(?<=[^\W\d_])[^\W\d_]")
_SAMPLE = 100_000
# Letters that Windows-1250 and ISO-8859-2 have in different places, or one of them has there.
_CENTRAL_LETTERS = {
    "pl": frozenset("ąśźĄŚŹ"),
    "cs": frozenset("šťžŠŤŽ"),
    "sk": frozenset("šťžľŠŤŽĽ"),
    **dict.fromkeys(("sl", "hr", "bs", "sh", "sr"), frozenset("šžŠŽ")),
}
# "že", which is "ľe" in Windows-1250: in Slovak no ľ stands before these, as l is soft there.
_NO_SOFT_L = re.compile(rb"(?<![\x80-\xff])\xbe[ei\xed]")
_ONLY_WINDOWS = re.compile(rb"[\x80-\x9f]")

_LANGUAGE = re.compile(
    rb"<(?:\w{1,20}:)?language(?:\s[^<>]{0,200})?>\s*(?:<!\[CDATA\[\s*)?"
    rb"([A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?)\b",
    re.IGNORECASE,
)
_XML_LANG = re.compile(rb"""\sxml:lang\s*=\s*["']\s*([A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?)\b""")
_ITEM = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>]")
# Of the letters that are first bytes in UTF-8 as well, those that a language does not have.
_FOREIGN = {
    lang: letters
    for letters, langs in {"ÂÃ": "en de es it ca da no nb nn sv fi", "Ã": "fr nl"}.items()
    for lang in langs.split()
}


def language_of(body: bytes) -> str:
    """The language that a feed says it is in, with its region or script; "" where it says none."""
    item = _ITEM.search(body)
    around = body[: item.start()] if item else body
    # The feed's own may stand behind its items; any item's is better than none.
    found = _LANGUAGE.search(around) or _XML_LANG.search(around) or _LANGUAGE.search(body)
    return found[1].decode().lower().replace("_", "-") if found else ""


@cache
def is_latin(page: str) -> bool:
    """Whether a code page of one byte a sign is one for Latin letters."""
    letters = [sign for sign in signs_of(page) if sign.isalpha()]
    latin = sum(unicodedata.name(sign, "").startswith("LATIN") for sign in letters)
    return latin * 2 > len(letters)


def page_declared(declared: Sequence[str], tag: str) -> str:
    """The code page of what is no UTF-8 in a document that is, where its language tells none: one
    that it declares, if that is none of those which are declared without a thought."""
    pages = [page for page in map(declared_codec, declared) if is_of_one_byte(page)]
    told = [page for page in pages if page not in _WESTERN]
    return told[0] if told and primary_of(tag) in _UNSAID else WESTERN


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


def is_for(charset: str, tag: str) -> bool:
    """Whether texts in a language may be in a charset, as Python names it."""
    pages = wide_pages(tag)
    return not pages or not is_of_many(charset) or family(charset) in map(_family_of, pages)


def _family_of(page: str) -> str:
    return family(declared_codec(page))


def wide_page(pages: Sequence[str], body: bytes) -> str:
    """That of the charsets which texts are in; "" where they are in none.

    Single letters between ASCII are no Chinese: an apostrophe of Windows-1252 and the letter behind
    it are one sign in each of these charsets.
    """
    best, fewest = "", len(body)
    for page in pages:
        text, torn, signs = counted(page, body)
        if page == _COMMON_CHINESE and torn * RARE <= signs:
            return wide_page(("GB18030",), body)
        if torn < fewest and torn * TORN_IN <= signs and beside(text) * 2 > signs:
            best, fewest = page, torn
    return best


def page_of(tag: str, runs: Sequence[bytes], body: bytes) -> tuple[str, bool]:
    """The code page of what is no UTF-8 in a document in a language, of which these are the runs
    beyond ASCII; and whether their letters told it where the language does not."""
    lang = primary_of(tag)
    sample = b" ".join(runs)[:_SAMPLE]
    words = len(sample) >= 4 * (sample.count(b" ") + 1) - 1
    page = _PAGES.get(lang, WESTERN)
    if lang == "sr":
        page = _CYRILLIC if words else _CENTRAL
    if page == _CYRILLIC:
        return _cyrillic(sample), False
    if lang in _CENTRAL_LETTERS:
        return _central(lang, sample, body), False
    if page == WESTERN and words and (found := _cyrillic_unsaid(sample)):
        return found, True
    return page, False


def _cyrillic(sample: bytes) -> str:
    """By how common the letters are: of small letters one page makes the capitals of another."""
    best, least = _CYRILLIC, _rank(sample, _CYRILLIC) - _MARGIN
    if len(sample) < _ENOUGH:
        return best
    for page in _OTHER_CYRILLIC:
        rank = _rank(sample, page)
        if rank < least:
            best, least = page, rank
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


def _rank(sample: bytes, page: str) -> float:
    letters = _LETTER_OR_LINE.findall(sample.decode(codec(page), "replace"))
    ranks = (_RANKS.get(letter, len(_BY_FREQUENCY)) for letter in letters)
    return sum(ranks) / len(letters) if letters else len(_BY_FREQUENCY)


def _common(sample: bytes, page: str) -> float:
    letters = _LETTER.findall(sample.decode(codec(page), "replace"))
    return sum(map(_COMMON.__contains__, letters)) / max(1, len(letters))


def _small(sample: bytes, page: str) -> float:
    """The share of small letters in words behind their first."""
    inside = _INSIDE.findall(sample.decode(codec(page), "replace"))
    return sum(map(str.islower, inside)) / max(1, len(inside))


def _central(lang: str, sample: bytes, body: bytes) -> str:
    """ISO-8859-2 has nothing where Windows-1250 has quotes, dashes and some letters."""
    if _ONLY_WINDOWS.search(sample):
        return _CENTRAL
    if lang == "sk" and _NO_SOFT_L.search(body):
        return "ISO-8859-2"
    windows, iso = (
        sum(map(_CENTRAL_LETTERS[lang].__contains__, sample.decode(codec(page))))
        for page in (_CENTRAL, "ISO-8859-2")
    )
    return "ISO-8859-2" if iso > windows + 1 else _CENTRAL
