"""One entry as the matcher sees it; what is costly to know is made once, when first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from aggregator.model.entry import Indexed
from aggregator.query.analysis import ANALYSIS_VERSION, analyse, fold, language, stems, words


@dataclass(kw_only=True)
class Subject:
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
    _words: dict[str, list[str]] = field(default_factory=dict, repr=False)
    _stems: dict[str, list[str]] = field(default_factory=dict, repr=False)
    _sets: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @cached_property
    def language(self) -> str:
        return language(self.lang)

    @cached_property
    def stem_of(self) -> dict[str, str]:
        """folded word → tagged stem, in the language of this entry."""
        return stems(self.language)

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
                self._stems[name] = [self.stem_of[word] for word in self.words(name)]
        return self._stems[name]

    def stem_set(self, name: str) -> frozenset[str]:
        """Distinct tagged stems of a field."""
        if name not in self._sets:
            self._sets[name] = frozenset(self.stems(name))
        return self._sets[name]

    def words(self, name: str) -> list[str]:
        """Folded words of a field, in order."""
        if name not in self._words:
            self._words[name] = words(self._written(name))
        return self._words[name]

    def folded(self, name: str) -> str:
        """A field folded but not cut into words."""
        return fold(self._written(name))

    def _written(self, name: str) -> str:
        match name:
            case "title" | "summary":
                return str(getattr(self, name))
            case "text":
                return self.text or self.summary
            case "feed":
                return f"{self.feed_title}\n{self.feed}"
            case "folder":
                return "\n".join(self.folders)
            case "author":
                return "\n".join(self.authors)
            case "category":
                return "\n".join(self.categories)
            case "url":
                return self.url or ""
            case _:
                return self.lang
