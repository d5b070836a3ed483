"""The shipped "Torres coaching", people and short topic queries, on labelled entries.

The cases below are our own and always run. Where the corpus is at hand its
labelled articles are asked too: precision and recall of 0.95, or one error at the
most where there are fewer than 20 positives; "partial" counts for neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.config import load
from aggregator.query import Bindings, Query, Subject, parse
from aggregator.topics import keys

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SHIPPED = load(Path(__file__).parents[2] / "config", environ={})
BINDINGS = Bindings((), SHIPPED.interests.people)
TORRES = BINDINGS.bind(parse('person:"Fernando Torres"'))
COACHING = BINDINGS.bind(parse(SHIPPED.topics[0].query))

ARTICLES = Path(__file__).parents[3] / "shared" / "corpus" / "articles"

TOPICS = {
    "djokovic_default_2020": (
        'djokovic* AND (disqualif* OR default* OR "kicked out") AND ("line judge" OR lineswoman)'
        ' AND title:(djokovic* OR "line judge") NOT title:(round OR semi* OR final*)'
    ),
    "bale_tottenham_2020": (
        'title:("bale tottenham"~20 OR "bale spurs"~20) NOT title:(united OR could)'
        " OR (title:(bale* (agent OR return OR loan OR statement)) AND (tottenham OR spurs) NOT title:(united OR could))"
    ),
    "handball_rule_2020": (
        'handball* AND (rule* OR law* OR penalise) AND ("premier league" OR referee* OR fifa OR VAR)'
        " AND title:(handball* OR rule* OR law* OR reffing)"
    ),
    "doping": 'doping OR "drugs test"~1 OR "drug test"~1 OR "drugs ban" OR "anti-doping" OR balco',
    "guardiola_contract": (
        "title:(guardiola* AND (contract* OR contrat* OR kontrakt* OR vertrag* OR deal OR extend* OR renew*"
        ' OR renueva OR rinnov* OR prolong* OR "more years" OR blir OR rămâne OR bleibt OR stays))'
    ),
}

# (language, title, text, whether it names Fernando Torres, whether it is about him as a coach)
CASES = [
    ("en", "Torres takes the reserves", "Atletico have a new coach for their B team.", True, True),
    ("en", "Fernando Torres's youngsters win again", "Their coach was pleased.", True, True),
    ("en", "F. Torres to lead Atletico B", "The coach signs for two years.", True, True),
    ("en", "TORRES NAMED ATLETICO B COACH", "He moves up from the youth side.", True, True),
    ("en", "Torres Named Head Coach Of Atletico B", "He moves up.", True, True),
    ("en", "Atletico coach Torres is patient", "Time will tell.", True, True),
    ("en", "Coach Torres praised at Atletico", "A calm start.", True, True),
    ("en", "When Torres speaks, Atletico B listen", "The coach found the right words.", True, True),
    ("en", "Young Atletico side enjoy Torres' methods", "The coach explains.", True, True),
    ("en", "Fernando Torres named Atlético B coach", "One of the club's legends takes charge.", True, True),
    ("en", "Torres leads Atlético's U19s", "The coach told his striker to press.", True, True),
    ("en", "Fernando Torres bids farewell to U19s to coach reserves", "He moves up.", True, True),
    ("en", "Fernando Torres coach: I will not retire", "Atlético B coach.", True, True),
    ("en", "Coach Fernando Torres names his XI", "Atlético B play Saturday.", True, True),
    ("es", "Fernando Torres, nuevo entrenador del filial", "Defendió a su delantero.", True, True),
    ("es", "Torres: hay que cuidar al delantero", "El técnico del Atlético B habló.", True, True),
    ("es", "Fernando Torres, leyenda y técnico", "Una de las leyendas dirige al filial del Atlético.", True, True),
    ("es", "Torres dirige al filial", "El técnico del Atlético B debuta en casa.", True, True),
    ("es", "Gana Torres y sigue líder el filial", "El entrenador elogia al equipo.", True, True),
    ("es", "El Niño, a los mandos", "El entrenador del Juvenil habló con calma.", True, True),
    ("es", "El técnico del Atlético B. Torres habla", "El entrenador pide calma.", True, True),
    ("de", "Torres übernimmt die Reserve von Atlético", "Der neue Trainer ist da.", True, True),
    ("de", "Jugendtrainer Torres verlängert", "Atlético bindet den Trainer.", True, True),
    ("fr", "Torres, entraîneur des U19 de l'Atlético", "Il découvre le métier.", True, True),
    ("it", "Torres allena l'Atletico B", "Il tecnico comincia da due vittorie.", True, True),
    ("pt", "Torres comanda o Atlético B", "O treinador estreou com vitória.", True, True),
    ("cs", "Torres posílí rezervu Atlétika", "S Torresem přichází nový trenér.", True, True),
    ("pl", "Trener Torres i rezerwy Atletico", "Szkoleniowiec chwali zespół.", True, True),
    ("ru", "Торресу доверили вторую команду", "Тренер «Атлетико» рад.", True, True),
    ("el", "Ο Τόρες στον πάγκο της Ατλέτικο", "Ο προπονητής μίλησε.", True, True),
    ("ru", "К Торресу вернулась вера", "Тренер «Атлетико» доволен.", True, True),
    ("hu", "A Torres vezette Atlético B nyert", "Az edző elégedett.", True, True),
    ("ru", "К. Торрес возглавил «Атлетико»", "Тренер доволен.", False, False),
    ("ja", "F・トーレス監督が初勝利", "アトレティコの育成年代を率いる。", True, True),
    ("zh", "托雷斯出任马竞青年队教练", "费尔南多·托雷斯将执教。", True, True),
    ("ar", "توريس مدربا لفريق أتلتيكو الثاني", "فرناندو توريس يبدأ العمل.", True, True),
    ("en", "Fernando Torres remembers his Anfield goals", "The striker loved the noise.", True, False),
    ("es", "Torres se despide del Atlético", "El delantero deja el fútbol.", True, False),
    ("en", "Torres, Fernando: a career in numbers", "Goals by season.", True, False),
    ("en", "Ferran Torres thanks his coach", "Barcelona beat Atletico.", False, False),
    ("en", "Torres scores twice against Atletico", "Ferran was praised by his coach.", False, False),
    ("en", "Marta Torres named Atletico coach", "Torres will lead the women's side.", False, False),
    ("es", "Curro Torres, nuevo técnico del filial", "Torres ya dirigió al Atlético.", False, False),
    ("en", "Gleyber Torres changes coach", "The Tigers infielder trains hard.", False, False),
    ("en", "Coach Torres wins at Harbour High", "A season to remember.", False, False),
    ("es", "Las torres del viejo estadio", "El entrenador del Atlético las recuerda.", False, False),
    ("it", "La Torres cambia allenatore", "Il club di Sassari guarda avanti.", False, False),
    ("en", "Joe Torre on managing", "The coach of old met Atletico fans.", False, False),
    ("pt", "Fernanda Torres no Atlético", "A atriz visitou o treinador.", False, False),
    ("ja", "フェラン・トーレスが2得点", "アトレティコ戦で監督が称賛。", False, False),
    ("hi", "पाउ टोरेस कोच से मिले", "एटलेटिको के ख़िलाफ़ मैच।", False, False),
    ("en", "El Nino warms the sea", "No sport today.", True, False),
    ("en", "El Niño: emergency manager warns of floods", "It is stronger now.", True, False),
    ("en", "El Niño coach crash kills ten", "The bus left the road.", True, False),
    ("es", "El niño que entrena con el filial", "El técnico apuesta por él.", False, False),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "title", "text", "names", "coaches"), CASES)
def test_own_cases(lang, title, text, names, coaches):
    subject = Subject(title=title, text=text, lang=lang)
    assert (TORRES.match(subject, now=NOW) is not None) is names
    assert (COACHING.match(subject, now=NOW) is not None) is coaches


@pytest.mark.parametrize(("lang", "title", "text", "names", "coaches"), CASES)
def test_what_the_index_asks_for_is_there(lang, title, text, names, coaches):
    """The index of topics never misses an entry that the matcher accepts."""
    subject = Subject(title=title, text=text, lang=lang)
    found = keys.Keyring([TORRES, COACHING], subject.language).candidates(subject)
    assert set(found) >= {at for at, held in enumerate((names, coaches)) if held}


def test_notes_of_many_newsrooms():
    """430 notes and articles in 37 languages, written for this by people who had not seen the query."""
    lines = (Path(__file__).parent / "coaching_cases.jsonl").read_text("utf-8").splitlines()
    rows = dict(enumerate(map(json.loads, lines)))
    assert len(rows) == 430
    held = {
        at: Subject(title=row["title"], text=row["text"], lang=row["lang"])
        for at, row in rows.items()
    }
    judge(COACHING, {at: row["coaching"] for at, row in rows.items()}, held)


def entries() -> dict[str, Subject]:
    found = {}
    for name in ("articles.jsonl", "torres_web_cases.jsonl", "topic_labels.jsonl"):
        for line in (ARTICLES / name).read_text("utf-8").splitlines():
            row = json.loads(line)
            if "text" in row or "wording" in row:
                found[row["id"]] = Subject(
                    title=row["title"],
                    text=row.get("text") or row.get("summary", ""),
                    lang={"eng": "en", "fra": "fr"}.get(row["lang"], row["lang"]),
                )
    return found


def judge(query: Query, labels: Mapping[Any, bool], held: Mapping[Any, Subject]) -> None:
    told = {one: query.match(held[one], now=NOW) is not None for one in labels if one in held}
    missed = [one for one, caught in told.items() if labels[one] and not caught]
    wrong = [one for one, caught in told.items() if caught and not labels[one]]
    right = sum(labels[one] and caught for one, caught in told.items())
    if right + len(missed) < 20:
        assert len(missed) + len(wrong) <= 1, (missed, wrong)
    else:
        assert right / (right + len(missed)) >= 0.95, missed
        assert right / (right + len(wrong)) >= 0.95, wrong


@pytest.mark.skipif(not ARTICLES.exists(), reason="the labelled articles are not at hand")
def test_the_corpus():
    held = entries()
    read: Callable[[str], list[dict[str, object]]] = lambda name: [  # noqa: E731
        json.loads(line) for line in (ARTICLES / name).read_text("utf-8").splitlines()
    ]
    people = read("torres_labels.jsonl")
    judge(COACHING, {row["id"]: row["about_coaching"] is True for row in people}, held)
    judge(TORRES, {row["id"]: row["person"] == "fernando" for row in people}, held)
    for topic, query in TOPICS.items():
        rows = [row for row in read("topic_labels.jsonl") if row["topic"] == topic]
        assert rows
        labels = {row["id"]: row["label"] == 1 for row in rows if row["label"] != "partial"}
        judge(parse(query), labels, held)


@pytest.mark.parametrize("query", TOPICS.values())
def test_the_queries_are_short(query):
    assert len(query) <= 200
