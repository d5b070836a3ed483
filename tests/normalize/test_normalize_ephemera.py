"""What passes by itself is told from what somebody wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalize.characters import key
from aggregator.normalize.cleaning import clean
from aggregator.normalize.ephemera import is_passing, lasting

PASSING = [
    "1,234 views", "12 comments", "(12 Comments)", "Comments: 12", "Comments (3)", "1.2k shares", "3 likes | 4 shares",
    "175 points, 172 comments", "Points: 12", "No comments", "2 Kommentare", "1.204 Aufrufe", "12 comentarios", "3 comentários",
    "8 commentaires", "200 vues", "5 commenti", "4 reacties", "3 комментария", "1 200 просмотров", "コメント(12)", "3件のコメント",
    "Updated 5 minutes ago", "5 mins ago", "an hour ago", "Just now", "Last updated: 9 June 2026, 14:35", "Updated at 10:15 GMT",
    "Updated: 2026-06-09 10:15", "Actualizado hace 3 horas", "il y a 2 heures", "mis à jour il y a 5 minutes", "vor 3 Stunden",
    "Zuletzt aktualisiert: 09.06.2026, 14:35 Uhr", "2 ore fa", "há 3 horas", "5 minuten geleden", "för 5 minuter sedan",
    "5 minut temu", "5 dakika önce", "5 минут назад", "5分前", "3小时前", "5분 전",
    "Advertisement: new oars, now cheaper", "[Ad] Oars. Half price!", "Anzeige: Segel nach Mass", "Sponsored | Ropes and knots",
    "12 comments · updated 3 hours ago", "Published on 9 June 2026 at 14:35", "Posted: 09.06.2026, 14.35", "Modified on 9 June 2026",
]  # fmt: skip
WRITTEN = [
    "12 people were hurt", "The video has 1,234 views", "She has 12 comments to make on the plan", "Five minutes ago it began",
    "Updated rules for the harbour", "Updated with words of the mayor", "Comments", "Views of the harbour", "1,234",
    "Messi: 3 points", "vor Gericht", "Il y a une place pour tous", "Hace falta más agua", "Advertising is dear",
    "Anzeige gegen den Trainer", "Adverse winds: the ferry stays", "2 ore", "The ad was taken down two hours ago by the editor",
    "9 June 2026", "Published on 3 March 1922", "Published on 3 March 2022", "Publicado el 9 de junio de 2026",
    "Posted: 09.06.2026", "Updated on 3 March 1922", "Sponsored walks help the chapel", "Promoted: Port Elling and Nebelort",
]  # fmt: skip


@pytest.mark.parametrize("text", PASSING)
def test_what_passes(text: str) -> None:
    assert is_passing(key(text))
    assert lasting(["a report of the harbour.", key(text)]) == ["a report of the harbour."]


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_written(text: str) -> None:
    assert not is_passing(key(text))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The ferry sails. 12 comments", "the ferry sails."),
        ("The ferry sails (12 comments)", "the ferry sails"),
        ("Updated 5 minutes ago. The ferry sails.", "the ferry sails."),
        ("The ferry sails. Advertisement: new oars, half price.", "the ferry sails."),
        ("The ferry sails. It had 12 comments and 3 views. It is full.", "the ferry sails. it had 12 comments and 3 views. it is full."),
        ("It sailed three hours ago", "it sailed three hours ago"),
    ],
)  # fmt: skip
def test_a_sentence_that_passes_goes_from_either_end_only(text: str, left: str) -> None:
    assert lasting([key(text)]) == [left]


@given(st.lists(st.sampled_from([*PASSING, *WRITTEN, "The ferry sails."]), max_size=6))
def test_what_lasts_stays_so(texts: list[str]) -> None:
    once = lasting(map(key, texts))
    assert [one for one in lasting(once) if one not in once] == []


def test_a_paragraph_that_only_leads_elsewhere_does_not_count_beside_text() -> None:
    def lasts(content: str) -> str:
        return clean("T", "", content, base="https://www.harbour.example/1").lasting

    text = "<p>The ferry sails.</p>"
    assert lasts(f"{text}<p><a href='https://shop.example/'>Buy oars</a></p>") == "the ferry sails."
    assert lasts(f"{text}<p><a href='https://harbour.example/2'>Timetable</a></p>").endswith(
        "timetable"
    )
    assert lasts(f"{text}<ul><li><a href='https://shop.example/'>Oars</a></li></ul>").endswith(
        "oars"
    )
    assert lasts("<p><a href='https://shop.example/'>Buy oars</a></p>") == "buy oars"
