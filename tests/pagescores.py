"""How well a text that was extracted from a page is the text that people expect of it.

F1 over runs of four words, as public benchmarks of extraction count it: what is missing
lowers recall, what stands around an article lowers precision, and so does a changed
order. Beside it F1 over single words, which forgives order. Where a page names only
pieces that must or must not be in the text, pieces are counted instead.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "pages"
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_SIGNS}]|[^\W{_SIGNS}]+")


@dataclass(frozen=True)
class Expected:
    """A page and what its text should be: a text, or pieces of it."""

    name: str
    url: str
    title: str
    body: bytes
    text: str = ""
    pieces: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def pages(folder: Path = CORPUS) -> Iterator[Expected]:
    """The pages of the corpus, in the order of its index; none where it is not there."""
    index = folder / "index.jsonl"
    for line in index.read_text("utf-8").splitlines() if index.exists() else ():
        named = json.loads(line)
        told = json.loads((folder / named["expected"]).read_text("utf-8"))
        body = gzip.decompress((folder / named["name"]).read_bytes())
        if all(isinstance(one, dict) for one in told.values()):
            told = _of_this_page(list(told.values()), body.decode("utf-8", "replace"))
        yield Expected(
            name=named["name"],
            url=told.get("url") or "https://news.example/article",
            title=told.get("title") or "",
            body=body,
            text=told.get("articleBody") or _joined(told.get("body") or {}),
            pieces=tuple(told.get("must_contain", ())),
            unwanted=tuple(told.get("must_not_contain", ())),
        )


def _of_this_page(versions: list[dict], body: str) -> dict:
    """Of the expected texts of several pages in one file, the one whose words are in this page."""
    said = runs(re.sub(r"<[^<>]*>", " ", body), 4)
    return max(versions, key=lambda one: (runs(_joined(one.get("body") or {}), 4) & said).total())


def _joined(body: dict) -> str:
    parts = list(body.get("summary", ()))
    for section in body.get("sections", ()):
        parts += [*section["headline"], *section["paragraphs"]]
    return "\n".join(parts)


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def runs(text: str, length: int) -> Counter[tuple[str, ...]]:
    """The runs of so many words in a text, each as often as it stands there."""
    said = words(text)
    if not said:
        return Counter()
    return Counter(tuple(said[at : at + length]) for at in range(max(1, len(said) - length + 1)))


def score(page: Expected, text: str, length: int = 4) -> Score:
    """How good a text is for this page."""
    if page.pieces or page.unwanted:
        flat = " ".join(text.split())
        right = sum(" ".join(one.split()) in flat for one in page.pieces)
        wrong = sum(" ".join(one.split()) in flat for one in page.unwanted)
        return _score(right, right + wrong, len(page.pieces))
    found, wanted = runs(text, length), runs(page.text, length)
    return _score((found & wanted).total(), found.total(), wanted.total())


def _score(right: int, found: int, wanted: int) -> Score:
    precision = right / found if found else 1.0
    recall = right / wanted if wanted else 1.0
    both = precision + recall
    return Score(precision, recall, 2 * precision * recall / both if both else 0.0)


def mean(extract: Callable[[Expected], str], of: list[Expected], length: int = 4) -> Score:
    """The mean scores of an extraction over pages."""
    scores = [score(page, extract(page), length) for page in of]
    count = len(scores)
    return Score(
        sum(one.precision for one in scores) / count,
        sum(one.recall for one in scores) / count,
        sum(one.f1 for one in scores) / count,
    )


def ours(page: Expected) -> str:
    """The text as an entry would have it. Nothing of the headline is known here."""
    from aggregator.normalize.webpage import read_page

    found = read_page(page.body, content_type="text/html", url=page.url, title="")
    return found.clean.text if found else ""


def plain(page: Expected) -> str:
    """What trafilatura gives with nothing set."""
    from trafilatura import extract

    return extract(page.body) or ""
