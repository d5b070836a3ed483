"""One entry as the matcher sees it; what is costly to know is made once, when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct, field

from aggregator.model.entry import Indexed
from aggregator.query.analysis import (
    ANALYSIS_VERSION,
    Lexicon,
    analyse,
    fold,
    language,
    lexicon,
    words,
)
from aggregator.query.places import ways

# What lies between two authors, or two categories: no phrase and nothing near reaches across.
_APART = [""] * 128


class Subject(Struct, kw_only=True, dict=True):
    """An entry with the feed it came from. ``feed`` is the feed's URL, times are aware UTC."""

    title: str
    text: str
    summary: str = ""
    lang: str = ""
    indexed: Indexed | None = None
    feed: str = ""
    feed_title: str = ""
    folders: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    url: str | None = None
    published: datetime | None = None
    first_seen: datetime | None = None
    _words: dict[str, list[str]] = field(default_factory=dict)
    _stems: dict[str, list[str]] = field(default_factory=dict)
    _sets: dict[str, frozenset[str]] = field(default_factory=dict)
    _spelled: dict[str, str] = field(default_factory=dict)
    _folded: dict[str, str] = field(default_factory=dict)
    _runs: dict[str, str] = field(default_factory=dict)

    @cached_property
    def language(self) -> str:
        return language(self.lang)

    @cached_property
    def lexicon(self) -> Lexicon:
        """What is known of words in the language of this entry."""
        return lexicon(self.language)

    @cached_property
    def stem_of(self) -> Callable[[str], str]:
        """folded word → tagged stem, in the language of this entry."""
        return self.lexicon.stem

    @cached_property
    def _index(self) -> Indexed:
        if self.indexed is not None and self.indexed.version == ANALYSIS_VERSION:
            return self.indexed
        return analyse(self.title, self.text or self.summary, self.lang)

    def stems(self, name: str) -> list[str]:
        """Tagged stems of a field, in order."""
        if name not in self._stems:
            if name in {"title", "text"}:
                self._stems[name] = getattr(self._index, name).split(" ")
            else:
                self._stems[name] = list(map(self.stem_of, self.words(name)))
        return self._stems[name]

    def stem_set(self, name: str) -> frozenset[str]:
        """Distinct tagged stems of a field."""
        if name not in self._sets:
            self._sets[name] = frozenset(self.stems(name))
        return self._sets[name]

    def adjoins(self, name: str, stems: Sequence[str]) -> bool:
        """Whether these tagged stems stand side by side in a field: asked of the text of stems
        itself, which is many times as quick as a list of them."""
        return f" {' '.join(stems)} " in self._spaced(name)

    def has(self, stem: str) -> bool:
        """Whether title or text hold a tagged stem."""
        return self.adjoins("title", (stem,)) or self.adjoins("text", (stem,))

    @cached_property
    def all_stems(self) -> frozenset[str]:
        """Distinct tagged stems of title and text."""
        return self.stem_set("title") | self.stem_set("text")

    def stems_among(self, stems: Iterable[str]) -> frozenset[str]:
        """Those of the tagged stems that title or text hold."""
        text = self._spaced("title") + self._spaced("text")
        return frozenset([stem for stem in stems if f" {stem} " in text])

    def _spaced(self, name: str) -> str:
        """The tagged stems of a field in order, each with a space before and after it."""
        if name not in self._runs:
            known = name in {"title", "text"}
            text = getattr(self._index, name) if known else " ".join(self.stems(name))
            self._runs[name] = f" {text} "
        return self._runs[name]

    def begins(self, name: str, start: str) -> bool:
        """Whether a folded word of the field begins so."""
        # The index form is at hand and says no quickly: a word is its stem, or one of the forms.
        if name in {"title", "text"} and not (
            f" {self.lexicon.sign}{start}" in f" {getattr(self._index, name)}"
            or f" {start}" in f" {self._index.forms}"
        ):
            return False
        if name not in self._spelled:
            self._spelled[name] = "\n".join(("", *dict.fromkeys(self.words(name))))
        return f"\n{start}" in self._spelled[name]

    def heads(self, letters: int) -> set[str]:
        """How the words of title and text begin, and perhaps some others."""
        found = {stem[1 : letters + 1] for stem in self.all_stems}
        found.update([form[:letters] for form in self._index.forms.split(" ")])
        return found

    def words(self, name: str) -> list[str]:
        """Folded words of a field, in order."""
        if name not in self._words:
            first, *more = self.written(name) or ("",)
            found = words(first)
            for one in more:
                found += _APART
                found += words(one)
            self._words[name] = found
        return self._words[name]

    def folded(self, name: str) -> str:
        """A field folded but not cut into words."""
        if name not in self._folded:
            self._folded[name] = "\n".join(map(fold, self.written(name)))
        return self._folded[name]

    @property
    def places(self) -> tuple[str, ...]:
        """The names of its folders; of folders in folders also the way to the inmost."""
        return ways(self.folders)

    def written(self, name: str) -> tuple[str, ...]:
        """What stands in a field; empty where nothing does."""
        match name:
            case "text":
                found: tuple[str | None, ...] = (self.text or self.summary,)
            case "feed":
                found = (self.feed_title, self.feed)
            case "folder":
                found = self.places
            case "author":
                found = self.authors
            case "category":
                found = self.categories
            case _:
                found = (getattr(self, name),)
        return tuple(one for one in found if one)
