"""A multilingual set of entries of our own, and queries over it, made from a seed."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from archivedesk import item

from aggregator.model.entry import Entry
from aggregator.model.feed import Subscription
from aggregator.model.person import Person
from aggregator.model.topic import Topic
from aggregator.query import words

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)

FEEDS = (
    Subscription(url="https://one.example/feed", title="Harbour News", folders=("Sport", "Local")),
    Subscription(url="https://two.example/rss?l=es", title="El Puerto", folders=("Deportes",)),
    Subscription(url="https://bbc.three.example/atom", title="Müllers Zeitung", folders=()),
    Subscription(
        url="https://four.example/日本.xml", title="港の新聞 Coaches", folders=("Sport/世界",)
    ),
)

# Sentences of each language; an entry takes one for its title and some for its text.
SAYINGS = {
    "en-GB": (
        "Torres takes over as coach of the harbour team",
        "The first half ended 1:0 and the final match was far away",
        "Coaches and players said that coaching a youth side takes time",
        "O'Neill's cooking lessons return: the match of the week",
        "A match of the final, a final of matches, said Ana Torres",
        "The rowing club won its first cup in the first week of March",
    ),
    "es-MX": (
        "Torres entrena al filial del Atlético en el puerto",
        "El niño ganó la copa; los entrenadores aplauden",
        "La final se juega la primera semana de marzo",
        "El entrenador dijo que la primera parte fue muy lejana",
        "Ana Torres, campeona de remo, vuelve al equipo",
    ),
    "es": ("Una sola frase sobre la copa del puerto", "Los niños reman mañana con Torres"),
    "de": (
        "Müller kehrt nach der Verlängerung zurück",
        "Das Endspiel endete 3:2, der Trainer lobt die Mannschaft",
        "Große Häuser am Hafen: die erste Woche im März",
        "Trainerin Ana Torres lässt rudern, die Trainer schauen zu",
        "Die Straße zum Stadion ist gesperrt, sagte O’Neill",
    ),
    "fr": (
        "Les entraîneurs de la forêt gagnent la coupe",
        "L'équipe du port a joué la première mi-temps sans Torres",
        "Où est l'entraîneur ? La finale est à la première semaine",
        "Des œufs et des forêts : la course d'aviron commence",
    ),
    "pt": (
        "O treinador do porto ganhou a primeira taça",
        "As crianças remam; os treinadores não dormem",
        "Coração de campeã: Ana Torres volta à equipa",
    ),
    "ru": (
        "Тренер Торрес выиграл первый кубок",
        "Ёлка у порта: первая неделя марта",
        "Тренеры и игроки говорят о команде и кубке",
    ),
    "el": ("Ο προπονητής κέρδισε το πρώτο κύπελλο", "Οι προπονητές στο λιμάνι, πρώτη εβδομάδα"),
    "tr": ("Takımın antrenörü İstanbul’da kupayı kazandı", "Antrenörler ışıkta ilk haftayı anlattı"),
    "ar": ("المدرب توريس فاز بالكأس الأولى", "المدرِّبون يتحدثون عن الفريق والميناء"),
    "ja": (
        "大谷翔平が日本代表で本塁打を放った",
        "港の新聞はフェルナンド・トーレス監督を取材した",
        "日本の代表 Torres が3位になった",
    ),
    "zh": ("港口队首次夺得冠军", "教练托雷斯说第一周很长"),
    "ko": ("토레스 감독이 첫 우승을 거두었다", "항구의 팀은 첫 주에 경기를 했다"),
    "": ("Torres 3:2 coach", "𝗧𝗘𝗔𝗠 of ＡＮＡ, final match", "the the match final final the"),
}  # fmt: skip
AUTHORS = ("Ana Pérez", "Ida O’Neill", "Jürgen Müller-Lüdenscheid", "大谷翔平", "The Coaches")
CATEGORIES = ("La Liga", "tennis", "Rowing cups", "サッカー", "Mannschaften")

ANA = Person(
    name="Ana Torres",
    surnames=("Torres", "Торрес", "トーレス"),
    aliases=("the coach",),
    context=("cup*", "rudern"),
)
TOPICS = (
    Topic(slug="cup", title="Cup", query='cup OR copa OR person:"Ana Torres"'),
    Topic(slug="far", title="Far", query="topic:cup AND NOT lang:en"),
)


def made_entries(count: int, seed: int = 5) -> list[tuple[Entry, str]]:
    """So many entries, and which feed each is of."""
    draw, found = random.Random(seed), []
    for number in range(count):
        lang = list(SAYINGS)[number % len(SAYINGS)]
        said = draw.choices(SAYINGS[lang], k=draw.choice((2, 3, 4)))
        dated = draw.random() < 0.7
        feed, body = draw.choice(FEEDS).url, ". ".join(said[1:])
        summary = draw.choice(("", draw.choice(SAYINGS[lang])))
        bare = draw.random() < 0.15
        entry = item(
            str(number),
            feed=feed,
            url=draw.choice((None, f"https://site{number % 3}.example/sport/{number}-torres")),
            title=said[0] if draw.random() < 0.9 else "",
            text="" if bare else body,
            summary=body if bare else summary,
            lang=lang,
            authors=tuple(draw.sample(AUTHORS, draw.choice((0, 1, 1, 2)))),
            categories=tuple(draw.sample(CATEGORIES, draw.choice((0, 0, 1, 2)))),
            published=NOW - timedelta(days=draw.choice((1, 6, 20, 70, 400, 15_000)) + draw.random())
            if dated
            else None,
            indexed=None,
        )
        found.append((entry, feed))
    return found


_LATIN = [
    word for text in SAYINGS["en-GB"] + SAYINGS["es-MX"] + SAYINGS["de"] for word in words(text)
]
_WRITTEN = [
    word.strip(".,;:?")
    for texts in SAYINGS.values()
    for text in texts
    for word in text.split()
    if len(word.strip(".,;:?")) > 1
]
_RUNS = [text for lang in ("ja", "zh", "ko") for text in SAYINGS[lang]]
_TEXTS = [text for texts in SAYINGS.values() for text in texts]
_AGO = ("now-3d", "now-2w", "now-30d", "now-1y", "2025-12-31", "2026-03-19", "1990-01-01")


def made_queries(count: int, seed: int = 9) -> Iterator[str]:
    """So many queries: most of words that stand in the entries, and all the language has."""
    draw = random.Random(seed)
    for _ in range(count):
        yield _query(draw, draw.choice((0, 0, 1, 1, 1, 2, 3)))


def _query(draw: random.Random, depth: int) -> str:
    if depth == 0:
        return draw.choice(_LEAVES)(draw)
    left, right = _query(draw, depth - 1), _query(draw, draw.randrange(depth))
    sign = draw.choices(("AND", "OR", "", "AND NOT"), weights=(3, 3, 2, 1))[0]
    inner = f"{left} {sign} {right}".replace("  ", " ")
    return f"({inner})" if depth < 3 and draw.random() < 0.8 else inner


def _word(draw: random.Random) -> str:
    word = draw.choice(_WRITTEN) if draw.random() < 0.6 else draw.choice(_LATIN)
    word = draw.choice((word, word, word.upper(), word.lower()))
    return f'"{word}"' if word.lower() in {"and", "or", "not"} or not word.isalnum() else word


def _run(draw: random.Random) -> str:
    text = draw.choice(_RUNS)
    start = draw.randrange(len(text) - 3)
    return f'"{text[start : start + draw.choice((2, 2, 3, 5))].strip()}"'


def _phrase(draw: random.Random) -> str:
    said = draw.choice(_TEXTS).split()
    start = draw.randrange(max(1, len(said) - 2))
    found = said[start : start + draw.choice((2, 2, 3))]
    if draw.random() < 0.3:
        draw.shuffle(found)
    return f'"{" ".join(found)}"'


def _near(draw: random.Random) -> str:
    said = [word for word in draw.choice(_TEXTS).split() if len("".join(words(word))) > 1]
    found = draw.sample(said, min(len(said), draw.choice((2, 2, 3))))
    return f'"{" ".join(found)}"~{draw.randrange(7)}' if len(found) > 1 else _phrase(draw)


def _prefix(draw: random.Random) -> str:
    whole = draw.choice([word for word in _LATIN if len(word) > 2])
    return f"{whole[: draw.choice((3, 3, 4, 5, 6))]}*"


def _field(draw: random.Random) -> str:
    name = draw.choice(("title", "text", "title", "summary", "author", "category"))
    of = {"author": AUTHORS, "category": CATEGORIES}
    if name in of:
        named = draw.choice(of[name])
        first = words(named)[0]
        asked = [f'"{named}"', f'"{first}"', f'"{words(named)[-1]}"']
        if first.isascii() and len(first) > 3:
            asked.append(f"{first[:3]}*")
        return f"{name}:{draw.choice((*asked, '*') if draw.random() < 0.5 else asked)}"
    return f"{name}:{draw.choice((_word, _phrase, _near, _prefix))(draw)}"


def _came(draw: random.Random) -> str:
    return draw.choice(
        (
            "feed:one.example", "feed:harbour", "feed:news", "feed:zeitungen", "feed:puerto", "feed:coach",
            "feed:bbc", 'feed:"港の新聞"', "feed:/^el p/", "feed:nowhere", "folder:sport", "folder:local",
            "folder:deporte", "folder:世界", "folder:*", "lang:es", "lang:es-MX", "lang:de", "lang:en",
            "lang:ja", "lang:(pt OR fr)", "lang:xx", "url:torres", "url:site1.example/sport", "url:*",
            'person:"Ana Torres"', 'title:person:"Ana Torres"', "topic:cup", "topic:far",
            "title:/^t.rres/", "text:/final|финал/",
        )
    )  # fmt: skip


def _dated(draw: random.Random) -> str:
    low, high = draw.choice((*_AGO, "*")), draw.choice(("*", "now", "*"))
    return f"published:[{low} TO {high}]"


_LEAVES = [_word] * 6 + [_run] + [_phrase] * 3 + [_near] * 2 + [_prefix] * 2
_LEAVES += [_field] * 3 + [_came] * 3 + [_dated]
