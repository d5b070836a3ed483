"""Names as they stand in a text: with the endings that languages give them, in any script.

A name is compared word by word, folded. Languages that decline names add up to
three letters or change the last vowel (Torresem, Гвардиолы); the others add an s
at most. In Chinese, Japanese and Korean, which have no blanks, it is looked for
among the signs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from aggregator.query.analysis import MAX_TEXT, fold, is_paired, spans

_FIXED = frozenset(
    ["ca", "da", "de", "en", "es", "fr", "ga", "id", "it", "nl", "no", "pt", "ro", "sv"]
)
_SURNAME_FIRST = frozenset(["hu", "ja", "ko", "vi", "zh"])
_ENDING = 3
_VOWELS = "aeiouyаеиоуыяюіїαεηιουω"
_APOSTROPHES = "'\u2019\u2018`\u00b4"
# What may stand between the words of one name.
_GAP = re.compile(rf"[\s\u00b7\u2022\u30fb_=＝\u2010\u2011-]{{1,3}}|[{_APOSTROPHES}]")
_STRAIGHT = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_NICKNAME = re.compile(r"\s+(?:[\"“„«'‘(].{1,30}[\"”“»'’)]|\w\.?)\s+")
_COMMA = re.compile(r",\s{1,2}")
_LOUD, _FEW, _SHORT_WORD = 0.6, 2, 4
"""A headline in capitals: of so many words of so many letters, or more, a larger share has them, and
none is small that would have one."""
_GLUE = frozenset("-\u2010\u2011'\u2019/.@#_")
# Words of four letters and more that headlines in capitals leave small.
_BETWEEN = frozenset([
    "aber", "about", "achter", "across", "after", "against", "agli", "alla", "alle", "along",
    "amid", "among", "apres", "around", "auch", "avant", "avec", "before", "behind", "beim",
    "below", "beneath", "beside", "between", "beyond", "chez", "come", "como", "contre", "cuando",
    "dagli", "dalla", "dalle", "dans", "degli", "della", "delle", "dello", "depuis", "desde",
    "despite", "donde", "door", "dopo", "down", "durante", "durch", "during", "efter", "eine",
    "einem", "einen", "einer", "eller", "entre", "except", "from", "gegen", "hacia", "hasta",
    "inside", "inte", "into", "like", "maar", "mellan", "mellem", "naar", "nach", "near", "nella",
    "nelle", "oder", "ohne", "once", "onto", "outside", "over", "para", "past", "pela", "pelas",
    "pelo", "pelos", "pour", "quando", "sans", "segun", "since", "sobre", "sous", "sulla",
    "sulle", "tegen", "than", "that", "through", "till", "toward", "towards", "tras", "uber",
    "uden", "under", "unless", "unter", "until", "upon", "utan", "vers", "versus", "voor", "when",
    "while", "with", "within", "without", "zonder", "zwischen",
])  # fmt: skip


def as_called(name: str) -> str:
    """A whole name as names compare: folded, with straight apostrophes."""
    return fold(name.translate(_STRAIGHT))


class Token(Struct, frozen=True, kw_only=True):
    """A word of a text, folded, and where it is written."""

    folded: str
    start: int
    end: int
    capital: bool


class Writing(Struct, frozen=True, kw_only=True):
    """A text by its words. ``declines``: its language may give endings to names."""

    text: str
    folded: str
    tokens: tuple[Token, ...]
    where: dict[str, list[int]]
    """folded word → its places among the tokens."""
    declines: bool
    surname_first: bool

    def gap(self, at: int) -> str:
        """What is written between a word and the next."""
        return self.text[self.tokens[at].end : self.tokens[at + 1].start]

    def capitals_tell(self, at: int) -> bool:
        """Whether a capital there means a name: not in a headline that has them everywhere, nor
        where a line has none."""
        begin = self.text.rfind("\n", 0, self.tokens[at].start)
        low, high, count = at, at, len(self.tokens)
        while low > 0 and self.tokens[low - 1].start > begin:
            low -= 1
        while high + 1 < count and "\n" not in self.gap(high):
            high += 1
        line = self.tokens[low : high + 1]
        if not any(token.capital for token in line):
            return False
        found = [
            token
            for number, token in enumerate(line, low)
            if number not in (at, at - 1) and len(token.folded) >= _SHORT_WORD
        ]
        loud = sum(token.capital for token in found) > _LOUD * len(found)
        return len(found) < _FEW or not loud or any(map(self._is_small, found))

    def _is_small(self, token: Token) -> bool:
        """Whether a word has no capital where a headline in capitals would give it one: no
        preposition, no part of a compound or an address."""
        if token.capital or token.folded in _BETWEEN:
            return False
        written = self.text[token.start : token.end]
        before = self.text[max(token.start - 1, 0) : token.start]
        after = self.text[token.end : token.end + 2]
        glued = before in _GLUE or (after[:1] in _GLUE and after[1:].isalnum())
        return not glued and written[0].isalpha() and written == written.lower()


def declines(stemmer: str) -> bool:
    """Whether a language (as ``analysis.language`` names it) may give endings to names."""
    return stemmer not in _FIXED


@lru_cache(maxsize=8)
def read(text: str, lang: str, stemmer: str) -> Writing:
    """A text by its words; ``lang`` is its BCP 47 tag, ``stemmer`` the language of its stems."""
    text = unicodedata.normalize("NFC", text[:MAX_TEXT])
    tokens = tuple(
        Token(folded=folded, start=start, end=end, capital=text[start].isupper())
        for folded, start, end in spans(text)
    )
    where: dict[str, list[int]] = {}
    for at, token in enumerate(tokens):
        where.setdefault(token.folded, []).append(at)
    return Writing(
        text=text,
        folded=fold(text),
        tokens=tokens,
        where=where,
        declines=declines(stemmer),
        surname_first=re.split("[-_]", lang.lower(), maxsplit=1)[0] in _SURNAME_FIRST,
    )


class Name(Struct, frozen=True, kw_only=True):
    """A name to look for. ``proper``: its longest word has a capital, and so must that in a text."""

    words: tuple[str, ...]
    proper: bool
    begins: bool = False
    """Of the last word only the beginning is given (``name*``)."""

    @property
    def paired(self) -> bool:
        return any(map(is_paired, self.words))

    @property
    def anchor(self) -> str:
        """The longest word: what a text that holds the name cannot do without."""
        return max(self.words, key=len)


@lru_cache(maxsize=4096)
def name_of(text: str) -> Name | None:
    """A name as a person wrote it; None where it has no letter."""
    found = list(spans(unicodedata.normalize("NFC", text)))
    if not found:
        return None
    _, start, _ = max(found, key=lambda one: len(one[0]))
    return Name(
        words=tuple(word for word, _, _ in found),
        proper=text[start].isupper() if start < len(text) else False,
        begins=text.rstrip().endswith("*"),
    )


def base(word: str) -> str:
    """What all declined forms of a name's word begin with."""
    return word[:-1] if len(word) > _SHORT_WORD and word[-1] in _VOWELS else word


def is_form(folded: str, word: str, *, declines: bool) -> bool:
    """Whether a word of a text is a form of a name's word."""
    if folded == word or folded == f"{word}s":
        return True
    if not declines or len(word) < _SHORT_WORD:
        return False
    begin = base(word)
    return folded.startswith(begin) and len(folded) <= len(begin) + _ENDING


def places(name: Name, writing: Writing) -> Iterator[tuple[int, int]]:
    """(first, past the last) word of each place where the name is written in these words."""
    # Most names are not there at all, and the text as a whole says so quickly.
    if base(name.anchor) not in writing.folded:
        return
    count = len(name.words)
    for folded, found in writing.where.items():
        if _fits(folded, name, 0, writing):
            for at in found:
                if at + count <= len(writing.tokens) and all(
                    _fits(writing.tokens[at + n].folded, name, n, writing)
                    and _GAP.fullmatch(writing.gap(at + n - 1))
                    for n in range(1, count)
                ):
                    yield at, at + count


def has_word(name: Name, folded: str, writing: Writing) -> bool:
    """Whether a word of a text is a form of one of a name's words."""
    return any(_fits(folded, name, number, writing) for number in range(len(name.words)))


def _fits(folded: str, name: Name, number: int, writing: Writing) -> bool:
    word = name.words[number]
    if name.begins and number == len(name.words) - 1 and folded.startswith(word):
        return True
    return is_form(folded, word, declines=writing.declines)


def stands(name: Name, writing: Writing) -> bool:
    """Whether the name is written in a text; a proper name with its capital."""
    return next((signs if name.paired else as_name)(name, writing), None) is not None


def as_name(name: Name, writing: Writing) -> Iterator[tuple[int, int]]:
    """The places where a name is written; a proper one with its capital."""
    for first, past in places(name, writing):
        longest = max(range(first, past), key=lambda at: len(writing.tokens[at].folded))
        if not name.proper or writing.tokens[longest].capital or not writing.capitals_tell(longest):
            yield first, past


def signs(name: Name, writing: Writing) -> Iterator[tuple[int, int]]:
    """Where a name in signs without blanks stands in the folded text: not within a longer word of
    katakana, which foreign names are written in."""
    sought = "".join(name.words)
    pattern = r"[\s・·=＝]?".join(map(re.escape, name.words))
    before = r"(?<![ァ-ヺー])" if "ァ" <= sought[0] <= "ー" else ""
    after = r"(?![ァ-ヺー])" if "ァ" <= sought[-1] <= "ー" else ""
    for found in re.finditer(before + pattern + after, writing.folded):
        yield found.span()


def given_before(given: Name, first: int, past: int, writing: Writing) -> bool:
    """Whether a given name belongs to a surname there: before it, perhaps with a nickname in quotes
    or an initial between; behind a comma after it; or, in languages that do so, behind it."""
    count = len(given.words)
    for at in range(max(first - count - 5, 0), first - count + 1):
        if _is_at(given, at, writing):
            start, end = writing.tokens[at + count - 1].end, writing.tokens[first].start
            between = writing.text[start:end]
            if _GAP.fullmatch(between) or _NICKNAME.fullmatch(between):
                return True
    if past + count > len(writing.tokens) or not _is_at(given, past, writing):
        return False
    gap = writing.gap(past - 1)
    if writing.surname_first and _GAP.fullmatch(gap):
        return True
    # "Torres, Fernando" but not "Torres, Fernando Morientes".
    last = past + count
    goes_on = (
        last < len(writing.tokens)
        and writing.tokens[last].capital
        and _GAP.fullmatch(writing.gap(last - 1)) is not None
    )
    return _COMMA.fullmatch(gap) is not None and not goes_on


def _is_at(name: Name, at: int, writing: Writing) -> bool:
    return at >= 0 and all(
        at + n < len(writing.tokens)
        and is_form(writing.tokens[at + n].folded, word, declines=writing.declines)
        for n, word in enumerate(name.words)
    )
