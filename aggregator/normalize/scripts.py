"""Whether a text can be in the language it is declared to be in, by its letters.

Programs declare what their makers speak: WordPress says "en-US" until somebody tells it better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

_LEAST = 20
"""Letters from which a text can tell."""
_SHARE = 0.8
"""The share of them that are of other scripts."""
_LEAST_LATIN = 300
"""Letters from which Latin ones tell, if no other is there: names and slogans are written in them
everywhere."""
_MOST = 600
"""Characters that are looked at."""
# Ranges as in a set of a regular expression, by the names of ISO 15924: blocks of Unicode, without
# what several scripts share.
_SCRIPTS = {
    "Latn": r"A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a",
    "Grek": r"\u0370-\u03ff\u1f00-\u1fff",
    "Cyrl": r"\u0400-\u052f\u1c80-\u1c8f\ua640-\ua69f",
    "Armn": r"\u0531-\u058a",
    "Hebr": r"\u05d0-\u05f4\ufb1d-\ufb4f",
    "Arab": r"\u0620-\u065f\u066e-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "Deva": r"\u0900-\u0963\u0970-\u097f",
    "Beng": r"\u0980-\u09ff",
    "Gujr": r"\u0a80-\u0aff",
    "Orya": r"\u0b00-\u0b7f",
    "Taml": r"\u0b80-\u0bff",
    "Telu": r"\u0c00-\u0c7f",
    "Knda": r"\u0c80-\u0cff",
    "Mlym": r"\u0d00-\u0d7f",
    "Sinh": r"\u0d80-\u0dff",
    "Thai": r"\u0e01-\u0e3a\u0e40-\u0e4e",
    "Laoo": r"\u0e80-\u0eff",
    "Mymr": r"\u1000-\u109f",
    "Geor": r"\u10a0-\u10ff\u1c90-\u1cbf",
    "Ethi": r"\u1200-\u139f",
    "Khmr": r"\u1780-\u17d3",
    "Hang": r"\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3",
    "Kana": r"\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "Hani": r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af",
}
# What is written in a language, news at least, is in these scripts. Those that have two (Serbian,
# Kazakh, Azerbaijani, Kurdish, Punjabi, Mongolian) are not in it, and are believed.
_WRITTEN = {
    lang: scripts.split()
    for scripts, langs in {
        "Latn": "af br ca cs cy da de en eo es et eu fi fil fo fr fy ga gd gl hr hu is it la lb lt lv "
        "mt nb nl nn no oc pl pt rm ro sk sl sq sv sw tr vi",
        "Cyrl": "be bg mk ru uk",
        "Grek": "el",
        "Armn": "hy",
        "Hebr": "he iw yi",
        "Arab": "ar ckb fa ps ur",
        "Deva": "hi mr ne",
        "Beng": "as bn",
        "Gujr": "gu",
        "Orya": "or",
        "Taml": "ta",
        "Telu": "te",
        "Knda": "kn",
        "Mlym": "ml",
        "Sinh": "si",
        "Thai": "th",
        "Laoo": "lo",
        "Mymr": "my",
        "Geor": "ka",
        "Ethi": "am ti",
        "Khmr": "km",
        "Hang Hani": "ko",
        "Hani": "zh",
        "Kana Hani": "ja",
    }.items()
    for lang in langs.split()
}
# These are written in Latin letters as well, by who has no others at hand.
_ALSO_LATIN = {
    "as", "be", "bn", "fa", "gu", "hi", "kn", "ml", "mr", "ne", "or", "ps", "si", "ta", "te", "ur",
}  # fmt: skip
# Which Chinese it is; any other script that a tag names is one the language may be written in.
_HAN = {"hans", "hant"}
_ADDRESS = re.compile(r"https?://\S+")


class _Letters(Struct, frozen=True):
    """What tells for a language, and against it. ``latin``: None where it is written in Latin letters."""

    own: re.Pattern[str]
    other: re.Pattern[str]
    latin: re.Pattern[str] | None


def contradicts(tag: str, text: str) -> bool:
    """Whether nearly all letters of a text are of scripts that a language, given as a BCP 47 tag, is
    not written in; False for a language that nothing is known of, and a text that is too short to
    tell. Latin letters count in a long text alone that has none of the language's own."""
    if is_foreign(tag, text):
        return True
    letters = _letters(tag)
    if letters is None or letters.latin is None or len(text) < _LEAST_LATIN:
        return False
    return not letters.own.search(text) and _count(letters, text)[2] >= _LEAST_LATIN


def is_foreign(tag: str, text: str, *, least: int = _LEAST) -> bool:
    """The same, without Latin letters as evidence, in a text of ``least`` letters or more."""
    # First what tells at once: nearly all texts are what they are declared to be.
    if text.isascii():
        return False
    letters = _letters(tag)
    if letters is None or not letters.other.search(text, 0, _MOST):
        return False
    own, other, latin = _count(letters, text)
    return other >= max(least, _SHARE * (own + other + latin))


def _count(letters: _Letters, text: str) -> tuple[int, int, int]:
    """How many letters are a language's own, of others, and Latin without being its own."""
    text = _ADDRESS.sub("", text[:_MOST])
    patterns = letters.own, letters.other, letters.latin
    own, other, latin = (len(one.findall(text)) if one else 0 for one in patterns)
    return own, other, latin


@lru_cache(maxsize=1024)
def _letters(tag: str) -> _Letters | None:
    """The letters that tell; None of a language that nothing is known of."""
    primary, *rest = tag.lower().split("-")
    written = _WRITTEN.get(primary)
    if written is None or any(len(part) == 4 and part not in _HAN for part in rest):
        return None
    own = {*written, "Latn"} if primary in _ALSO_LATIN else {*written}
    latin = {"Latn"} - own
    return _Letters(
        own=_any_of(own),
        other=_any_of(_SCRIPTS.keys() - own - latin),
        latin=_any_of(latin) if latin else None,
    )


def _any_of(scripts: Iterable[str]) -> re.Pattern[str]:
    return re.compile(f"[{''.join(_SCRIPTS[one] for one in sorted(scripts))}]")
