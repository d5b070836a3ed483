"""Whether a capitalised word before a surname is another person's given name.

In a sentence it is one, unless it begins the sentence as any word does, tells a
role, belongs to a noun-capitalising language, or says whose or which. ``no_names.txt``
holds what headlines put there; a word that stands in the entry in small letters
too is no name either.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from aggregator.query.names import Name, Token, Writing, has_word

_BEFORE = re.compile(r"[ \u00a0]")
_INITIAL = re.compile(r"\.?[ \u00a0]")
_BEGINS = re.compile(r"(?:^|[\n,;:(–—/|•]\s*)$")
_GIVEN_SIGNS = re.compile(r"([ァ-ヺー]{2,}|[\u4e00-\u9fff]{2,}|[\uac00-\ud7af]{2,})[・·=＝]$")

# Words of one letter, by language: with a capital they begin a sentence, and abbreviate no name.
_ONE_LETTER = {
    "bg": "авису", "ca": "aei", "cs": "aikosuvz", "el": "οη", "en": "ai", "es": "aeouy", "fr": "ay",
    "gl": "aeo", "hr": "aikosu", "hu": "a", "it": "aeio", "pl": "aiouwz", "pt": "aeo", "ro": "ao",
    "ru": "авикосуя", "sk": "aikosuvz", "sl": "aiosz", "sr": "aikosuаикосу", "uk": "авзійоуяє",
}  # fmt: skip

_GERMAN_ROLES = re.compile(
    r".+(?:trainer|coach|spieler|sturmer|meister|huter|chef|star|mann|profi|kicker|held|legende|"
    r"ikone|idol|jager|gang|kapitan|macher|schutze|kandidat|nachfolger|assistent)"
)
_NOUNS_WITH_CAPITALS = frozenset({"de", "lb"})


def other_given(
    first: int, writing: Writing, own: tuple[Name, ...], lang: str, small: frozenset[str]
) -> bool:
    """Whether another given name, or another initial, stands directly before a surname.

    ``first`` is the surname's word, ``own`` what the person is called besides, ``small`` the words
    that stand in the entry without a capital.
    """
    if first == 0:
        return False
    token, gap = writing.tokens[first - 1], writing.gap(first - 1)
    if any(has_word(name, token.folded, writing) for name in own):
        return False
    if len(token.folded) == 1:
        return _other_initial(token, gap, writing, own, lang)
    if not _BEFORE.fullmatch(gap) or not token.capital or token.folded in small:
        return False
    if writing.text[token.start : token.end].isupper() or not writing.capitals_tell(first):
        return False
    return not _is_known_word(token.folded, lang)


def _other_initial(
    token: Token, gap: str, writing: Writing, own: tuple[Name, ...], lang: str
) -> bool:
    """``G. Torres``, but not the B of "Atlético B. Torres said": an initial begins what it is in.
    Nor the article of ``Ο Τόρες``, or the small word of ``К Торресу``."""
    if not token.capital or not _INITIAL.fullmatch(gap):
        return False
    if not gap.startswith(".") and token.folded in _ONE_LETTER.get(lang, ""):
        return False
    if any(word.startswith(token.folded) for name in own for word in name.words):
        return False
    return _BEGINS.search(writing.text[: token.start]) is not None


def _is_known_word(word: str, lang: str) -> bool:
    if word in _no_names():
        return True
    return lang in _NOUNS_WITH_CAPITALS and _GERMAN_ROLES.fullmatch(word) is not None


@lru_cache(maxsize=1)
def _no_names() -> frozenset[str]:
    text = files("aggregator.query").joinpath("no_names.txt").read_text("utf-8")
    return frozenset(
        word for line in text.splitlines() if not line.startswith("#") for word in line.split()
    )


def other_given_signs(start: int, writing: Writing, own: tuple[Name, ...]) -> str:
    """Another given name in signs without blanks: フェラン・ before トーレス; "" where there is none."""
    found = _GIVEN_SIGNS.search(writing.folded[max(start - 40, 0) : start])
    if found is None or any(found[1].endswith("".join(name.words)) for name in own):
        return ""
    return found[0]
