"""The one analysis of text: fold, cut into words, stem by language, tag the stem.

Every text that is found and every query that finds it goes through here, so
that topics, search and explain cannot disagree. A change of what comes out is a
new :data:`ANALYSIS_VERSION`, and indexes are rebuilt.

* **Fold**: NFKD, lower case after it (so that 𝗧𝗘𝗔𝗠 is team), Latin, Greek and
  Cyrillic accents, Hebrew points and Arabic vowel marks off (but й stays й, and
  Japanese and Indic marks stay), ø ł đ ð þ æ œ ı ß by hand, since NFKD leaves them; soft hyphens
  and what else has no width go (but not the joiners of Persian and Indic words).
* **Words**: runs of letters, digits and the marks that belong to them. ``O'Neill``,
  ``Atlético-Coach`` and ``3:2`` are two words each, side by side. What is written
  without blanks (Chinese, Japanese, Thai, Lao, Burmese, Khmer) or with endings that
  no stemmer knows (Korean) is cut into overlapping pairs, with the last sign of a
  run once more by itself: 日本代表 is 日本 本代 代表 表.
* **Stem**: Snowball, chosen by the entry's language, after folding (stemming
  first loses a fifth of unaccented Spanish), tagged with the language's sign
  (untagged stems give false matches: the French stem of "forêt" is English "for").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, islice
from operator import itemgetter

from aggregator.model.entry import Indexed

ANALYSIS_VERSION = 5

MAX_WORD = 64
"""Longer words are cut: nobody searches them, and they bloat an index."""
MAX_TEXT = 4_000_000
"""Characters of one text that are analysed; what comes after them is not found."""
MAX_WORDS = 50_000
"""Words of one text that are analysed; likewise."""
_REMEMBERED = 2_000_000
"""Characters of written words whose folding is remembered."""
_STEMS = 150_000
"""Words that something is remembered of, in all languages together."""

# The sign of each language in a tagged stem, and its Snowball algorithm.
_STEMMERS = {
    "ar": ("a", "arabic"), "ca": ("b", "catalan"), "da": ("c", "danish"), "de": ("d", "german"),
    "en": ("e", "english"), "fi": ("f", "finnish"), "el": ("g", "greek"), "hu": ("h", "hungarian"),
    "it": ("i", "italian"), "id": ("j", "indonesian"), "eu": ("k", "basque"),
    "lt": ("l", "lithuanian"), "hi": ("m", "hindi"), "nl": ("n", "dutch"), "no": ("o", "norwegian"),
    "pt": ("p", "portuguese"), "ga": ("q", "irish"), "ru": ("r", "russian"), "es": ("s", "spanish"),
    "tr": ("t", "turkish"), "ro": ("u", "romanian"), "sv": ("v", "swedish"), "fr": ("w", "french"),
    "sr": ("x", "serbian"), "et": ("y", "estonian"), "hy": ("z", "armenian"),
}  # fmt: skip
_ALIASES = {"nb": "no", "nn": "no", "sh": "sr", "hr": "sr", "bs": "sr"}
# Codes that say no less than each other (Bokmål and Nynorsk are declared as Norwegian, and the
# other way about), and one that stands for several (ISO 639-3 calls it a macrolanguage).
_EQUAL = {"nb": "no", "nn": "no"}
_WITHIN = {"sr": "sh", "hr": "sh", "bs": "sh"}
NO_STEMMER = "0"
"""The sign of texts in a language without a stemmer, or in none that is known."""

_BY_HAND = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ß": "ss",
        "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k", "ſ": "s",
    }
)  # fmt: skip
UNSEEN = "\u00ad\u200b\u2060\ufeff"
"""Signs without a width: soft hyphen, zero width space, word joiner, zero width no-break space. In
a word they say where a line may break, or may not; readers see one word."""
# Combining marks of the European scripts, Hebrew points, Arabic vowel signs and tatweel.
_MARKS = re.compile(
    f"[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u0640\u064b-\u065f\u0670{UNSEEN}]"
)
_SHORT_I = (("и\u0306", "\ue000"), ("И\u0306", "\ue000"))
# What \w leaves out but a word needs: combining marks, vowel signs of the Indic scripts, Thai,
# Lao, Tibetan, Burmese.
_SIGNS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a03\u0a3c-\u0a4d"
    "\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b4d\u0bbe-\u0bcd\u0c00-\u0c04\u0c3e-\u0c4d"
    "\u0cbc-\u0ccd\u0d00-\u0d03\u0d3e-\u0d4d\u0dca-\u0ddf\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1"
    "\u0eb4-\u0ebc\u0ec8-\u0ecd\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3"
    f"{UNSEEN}"
)
_WORD = re.compile(f"[^\\W_](?:[^\\W_]|[{_SIGNS}])*")
# All that many texts have beyond ASCII: without it they take the quick way.
_PRINTERS = "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00a0"
_APART = {code: " " for code in range(128) if not chr(code).isalnum()}
# Scripts cut into pairs: Thai, Lao, Burmese, Khmer; Chinese, Japanese, Korean.
_PAIRED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_PAIRED += (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
_HAS_PAIRED = re.compile(f"[{_PAIRED}]")
_RUNS = re.compile(f"[{_PAIRED}]+|[^{_PAIRED}]+")


def fold(text: str) -> str:
    """The form in which letters compare: lower case, no accents, NFC."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text)
    for short, keep in _SHORT_I:
        text = text.replace(short, keep)
    text = _MARKS.sub("", text).replace("\ue000", "й").lower().translate(_BY_HAND)
    # Lower case may bring a mark of its own (İ → i̇).
    return unicodedata.normalize("NFC", _MARKS.sub("", text))


def words(text: str) -> list[str]:
    """The folded words of a text, in order; MAX_WORDS of them."""
    return list(_words(text))


def spans(text: str) -> Iterator[tuple[str, int, int]]:
    """(folded word, where it begins, where it ends) of a text in NFC; MAX_WORDS of them.

    Nothing is cut into pairs, but signs of the scripts that are stand apart from other letters.
    """
    for found in islice(_WORD.finditer(text), MAX_WORDS):
        if found[0].isascii():
            yield found[0].lower(), found.start(), found.end()
            continue
        for run in _RUNS.finditer(found[0]):
            if folded := fold(run[0]):
                yield folded, found.start() + run.start(), found.start() + run.end()


def _words(text: str) -> tuple[str, ...]:
    return _remembered(text) if len(text) <= _SHORT else _read(text[:MAX_TEXT])


def _read(text: str) -> tuple[str, ...]:
    for sign in _PRINTERS:
        text = text.replace(sign, " ")
    if text.isascii():
        found = text.lower().translate(_APART).split()
        if max(map(len, found), default=0) > MAX_WORD:
            found = [word[:MAX_WORD] for word in found]
    else:
        found = " ".join(map(_FOLDED.__getitem__, text.split())).split()
    return tuple(found[:MAX_WORDS])


# A text is asked for its words several times while its document is read.
_SHORT = 20_000
_remembered = lru_cache(maxsize=100)(_read)


class _Folded(dict[str, str]):
    """what stands between two blanks → its folded words, by one space; forgets all when too large.

    Texts repeat their words, so that folding is paid once a word and not once a text. Size is
    counted in characters: what is written without blanks makes long words that never come again.
    """

    size = 0

    def __missing__(self, written: str) -> str:
        self.size += len(written)
        if self.size > _REMEMBERED:
            self.clear()
            self.size = len(written)
        pieces = [
            piece[:MAX_WORD]
            for word in _WORD.findall(unicodedata.normalize("NFC", written))
            for run in _WORD.findall(fold(word))
            for piece in _cut(run)
        ]
        self[written] = folded = " ".join(pieces)
        return folded


_FOLDED = _Folded()


def _cut(word: str) -> list[str]:
    if not _HAS_PAIRED.search(word):
        return [word]
    pieces = []
    for run in _RUNS.findall(word):
        if _HAS_PAIRED.match(run):
            pieces += [run[at : at + 2] for at in range(len(run))]
        else:
            pieces.append(run)
    return pieces


def is_paired(text: str) -> bool:
    """Whether the text is written in signs that are cut into pairs."""
    return bool(_HAS_PAIRED.search(text))


@lru_cache(maxsize=1024)
def language(tag: str) -> str:
    """The primary language of a BCP 47 tag, as far as stems go: ``es-MX`` → ``es``; "" if none."""
    primary = primary_of(tag)
    primary = _ALIASES.get(primary, primary)
    return primary if primary in _STEMMERS else ""


def primary_of(tag: str) -> str:
    """What a BCP 47 tag begins with, in small letters: ``es`` of ``es-MX``."""
    return re.split("[-_]", tag.strip().lower(), maxsplit=1)[0]


@lru_cache(maxsize=4096)
def is_language(tag: str, asked: str) -> bool:
    """Whether a text with this BCP 47 tag is in the language (and script, and region) that is asked
    for: ``no`` is ``nb`` and ``nn`` too, ``sh`` is ``sr``, ``hr`` and ``bs`` too."""
    held, wanted = (one.strip().lower().replace("_", "-").split("-") for one in (tag, asked))
    held[0], wanted[0] = (_EQUAL.get(one[0], one[0]) for one in (held, wanted))
    if wanted[0] == "sh":
        held[0] = _WITHIN.get(held[0], held[0])
    return held[: len(wanted)] == wanted


def languages() -> tuple[str, ...]:
    """All languages that have a stemmer, and "" for the others."""
    return ("", *_STEMMERS)


_Known = tuple[str, int, str]
"""What is known of a word: its tagged stem, its number, and itself where it is not its own stem."""
_STEM, _FORM = itemgetter(0), itemgetter(2)
NUMBER_BITS = 30
"""Of a word's number: with so many Python reckons quickest."""


class Lexicon(dict[str, _Known]):
    """folded word → what is known of it, in one language, whose tag is ``sign``. All in one place,
    since to find a word among so many is what takes the time."""

    def __init__(self, lang: str) -> None:
        super().__init__()
        self.sign = NO_STEMMER
        self._stem = None
        if lang:
            import Stemmer

            self.sign, algorithm = _STEMMERS[lang]
            self._stem = Stemmer.Stemmer(algorithm, 0).stemWord

    def __missing__(self, word: str) -> _Known:
        # An empty stem would make all such words equal.
        stem = (self._stem(word) or word) if self._stem else word
        self[word] = known = self.sign + stem, number(word), word if stem != word else ""
        return known

    def stem(self, word: str) -> str:
        """The tagged stem of a folded word."""
        return self[word][0]

    def form(self, word: str) -> str:
        """The word where it is not its own stem, else ""."""
        return self[word][2]


def number(word: str) -> int:
    """A number of NUMBER_BITS that stands for a word: the same on every machine and release, since
    what is made of it is kept."""
    return int.from_bytes(blake2b(word.encode(), digest_size=4).digest(), "big") >> 32 - NUMBER_BITS


_LEXICONS: dict[str, Lexicon] = {}


def lexicon(lang: str) -> Lexicon:
    """What is known of the words of a language (as :func:`language` names it)."""
    found = _LEXICONS.get(lang)
    if found is None:
        found = _LEXICONS[lang] = Lexicon(lang)
    if sum(map(len, _LEXICONS.values())) > _STEMS:
        for one in _LEXICONS.values():
            one.clear()
    return found


def _look_up(text: str, lang: str) -> tuple[_Known, ...]:
    """What is known of each word of a text, in order."""
    return tuple(map(lexicon(lang).__getitem__, _words(text)))


_looked_up = lru_cache(maxsize=100)(_look_up)


def _known(text: str, lang: str) -> tuple[_Known, ...]:
    return (_looked_up if len(text) <= _SHORT else _look_up)(text, lang)


def numbers(text: str, lang: str) -> list[int]:
    """The :func:`number` of each word of a text, in order; quickest where the text is analysed, too,
    in the same language (a BCP 47 tag)."""
    return [number for _, number, _ in _known(text, language(lang))]


def analyse(title: str, text: str, lang: str) -> Indexed:
    """The index form of an entry's title and text, by the language of the entry."""
    primary = language(lang)
    titled, said = _known(title, primary), _known(text, primary)
    # In the order of the text, since they must come out the same to be taken from an index again.
    forms = dict.fromkeys(filter(None, map(_FORM, chain(titled, said))))
    return Indexed(
        title=" ".join(map(_STEM, titled)),
        text=" ".join(map(_STEM, said)),
        forms=" ".join(forms),
        version=ANALYSIS_VERSION,
    )
