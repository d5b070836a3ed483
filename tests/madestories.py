"""Made articles, copies of them by grade of editing, and texts that only look like copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

_SYLLABLES = "ba be bi bo da de di do fa fe ga go ka ke ki la le li lo ma me mi mo na ne no pa pe ra re ri ro sa se si so ta te ti to va ve vi za zo".split()
_COMMON = "the a of to in and for on with at by from as was is that his her their after before said who would".split()


@dataclass(frozen=True)
class Article:
    title: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.paragraphs)


@dataclass(frozen=True)
class Case:
    kind: str
    same: bool
    one: Article
    other: Article


class Maker:
    """Writes articles out of made words; the same ones for the same number."""

    def __init__(self, number: int) -> None:
        self.draw = Random(number)
        self.rare = [
            "".join(self.draw.choices(_SYLLABLES, k=self.draw.choice((2, 3, 3, 4))))
            for _ in range(1500)
        ]

    def words(self, count: int) -> list[str]:
        return [
            self.draw.choice(_COMMON) if self.draw.random() < 0.4 else self.draw.choice(self.rare)
            for _ in range(count)
        ]

    def sentence(self, count: int = 0) -> str:
        return " ".join(self.words(count or self.draw.randint(18, 40))).capitalize() + "."

    def title(self) -> str:
        return " ".join(self.words(9)).capitalize()

    def article(self, paragraphs: int = 0) -> Article:
        count = paragraphs or self.draw.randint(8, 14)
        return Article(self.title(), tuple(self.sentence() for _ in range(count)))

    def rewritten(self, text: str, share: float) -> str:
        return " ".join(
            self.draw.choice(self.rare) if self.draw.random() < share else word
            for word in text.split(" ")
        )

    def copies(self, one: Article) -> Iterator[Case]:
        """Copies as sites make them, named by the grade of editing, 1 to 5."""
        body, tail = list(one.paragraphs), self.sentence(12)
        later = body[2:]
        self.draw.shuffle(later)
        fewer = [each for at, each in enumerate(body) if at < 2 or self.draw.random() < 0.8]
        forms = (
            ("1 prefix", f"Update: {one.title}", body),
            ("1 quotes", one.title, [each.replace(" the ", " “the” ") for each in body]),
            ("2 furniture", one.title, ["Sport", *body, tail]),
            ("2 agency's lines", one.title, [f"(Agency) - {body[0]}", *body[1:], tail, "More to follow."]),
            ("3 other headline", self.title(), body),
            ("3 re-ordered", one.title, [*body[:2], *later]),
            ("3 shortened", one.title, fewer),
            ("4 cut", one.title, body[: len(body) // 3 + 1]),
            ("4 rewritten here and there", one.title, [self.rewritten(each, 0.03) for each in body]),
            ("4 re-ordered, shortened", one.title, [*fewer[:2], *reversed(fewer[2:])]),
            ("5 first forty words", one.title, [" ".join(one.text.split()[:40]) + " …"]),
            ("5 standfirst", self.title(), [one.paragraphs[0]]),
            ("5 rewritten, cut", one.title, [self.rewritten(each, 0.05) for each in body[:5]]),
        )  # fmt: skip
        for kind, title, paragraphs in forms:
            yield Case(kind, True, one, Article(title, tuple(paragraphs)))

    def others(self, one: Article) -> Iterator[Case]:
        """Texts that share words with an article, and are other stories."""
        body = list(one.paragraphs)
        fresh = [self.sentence() for _ in range(4)]
        words = one.title.split()
        near_title = " ".join([*words[:-3], *self.words(3)])
        forms = (
            ("next stage", near_title, [*fresh, *body[len(body) // 3 :]]),
            ("next stage, lead as background", self.title(), [*fresh[:3], *body]),
            ("reaction", self.title(), [*fresh, self.sentence(), *body[1:5]]),
            ("background reuse", self.title(), [*fresh, *body[-3:], self.sentence()]),
            ("other report", near_title, [self.sentence() for _ in body]),
        )
        for kind, title, paragraphs in forms:
            yield Case(kind, False, one, Article(title, tuple(paragraphs)))

    def recurring(self) -> Iterator[Case]:
        """Two editions each of what is filled into one form."""
        yield Case("live blog", False, *self._editions())
        opening, closing = self.sentence(), [self.sentence(), self.sentence()]
        yield Case("column", False, *(
            Article("From the press bench, our weekly column", (opening, *(self.sentence() for _ in range(6)), *closing))
            for _ in range(2)
        ))  # fmt: skip
        yield Case("fixture list", False, self._fixtures(), self._fixtures())
        yield Case("result", False, self._result(), self._result())
        yield Case("result of one team", False, *self._results_of_one())

    def _editions(self) -> tuple[Article, Article]:
        head = f"{self.title()} LIVE"
        opening, lines = self.sentence(), [self.sentence() for _ in range(9)]
        later = [self.sentence() for _ in range(8)]
        return Article(head, (opening, *lines)), Article(head, (opening, *later, *lines))

    def _fixtures(self) -> Article:
        lines = [
            f"{self.draw.choice(self.rare)} v {self.draw.choice(self.rare)}, kick-off at 15:00 on Saturday."
            for _ in range(12)
        ]
        return Article("This weekend's fixtures in the premier division", tuple(lines))

    def _result(self) -> Article:
        home, away, ground = (self.draw.choice(self.rare).title() for _ in range(3))
        score = f"{self.draw.randint(0, 5)}-{self.draw.randint(0, 5)}"
        return Article(
            f"{home} {score} {away}: match report and full result",
            (f"{home} and {away} met at {ground} on Saturday in the premier division and it ended {score}.",),
        )  # fmt: skip

    def _results_of_one(self) -> tuple[Article, Article]:
        one, other = self._result(), self._result()
        return one, Article(one.title, (other.text,))


def cases(articles: int = 8) -> Iterator[Case]:
    for number in range(articles):
        maker = Maker(number)
        one = maker.article()
        yield from maker.copies(one)
        yield from maker.others(one)
        yield from maker.recurring()
