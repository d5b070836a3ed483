"""What passes by itself is told from what somebody wrote."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalize.characters import key
from aggregator.normalize.cleaning import clean
from aggregator.normalize.ephemera import is_passing, lasting

PASSING = [
    "1,234 views", "12 comments", "(12 Comments)", "Comments: 12", "Comments (3)", "1.2k likes", "3 likes | 4 shares",
    "175 points, 172 comments", "Points: 12 | Comments: 4", "No comments", "2 Kommentare", "1.204 Aufrufe", "12 comentarios", "3 comentários",
    "8 commentaires", "200 vues", "5 commenti", "4 reacties", "3 комментария", "1 200 просмотров", "コメント(12)", "3件のコメント",
    "Updated 5 minutes ago", "5 mins ago", "an hour ago", "Just now", "Last updated: 9 June 2026, 14:35", "Updated at 10:15 GMT",
    "Updated: 2026-06-09 10:15", "Actualizado hace 3 horas", "il y a 2 heures", "mis à jour il y a 5 minutes", "vor 3 Stunden",
    "Zuletzt aktualisiert: 09.06.2026, 14:35 Uhr", "2 ore fa", "há 3 horas", "5 minuten geleden", "för 5 minuter sedan",
    "5 minut temu", "5 dakika önce", "5 минут назад", "5分前", "3小时前", "5분 전",
    "Post Views: 1,234", "Post Views:\u00a01,234", "Total Views: 12", "12 total views, 3 views today", "Page views: 1.2k",
    "(Visited 12 times, 1 visits today)", "Viewed 1,234 times", "Read 12 times", "(Read 12 times)", "Gelesen: 12", "12 mal gelesen",
    "12 Mal gelesen", "Vu 12 fois", "Lu 12 fois", "Visto 12 veces", "Letto 12 volte", "Lido 12 vezes", "12 keer gelezen", "Läst 12 gånger",
    "Wyświetlono 12 razy", "Прочитано 12 раз", "17 people like this", "2 bloggers like this", "Rating: 4.3/5 - (12 votes)",
    "Rating: 8.1/10 (12 votes cast)", "4.3/5 - (12 votes)", "(12 votes, average: 4.33 out of 5)", "[Total: 12 Average: 4.3/5]",
    "[Total: 12 Average: 4]", "Total: 12 Average: 4.3/5", "Updated: 21:14", "Updated 23:59:59",
    "12 votes · 3 comments", "1.2k shares | 3 likes", "Plays: 65 · Likes: 3", "À l'instant", "A few minutes ago", "Updated 10.15am",
    "Updated 2026-06-03T14:05:00Z", "Modified: 2026-06-03T14:05:00+02:00", "Published 2026-06-03T14:05:00.123Z",
    "Last updated: Tuesday, 9 June 2026, 14:35", "Updated: 09/06/26", "Aktualisiert um 14.35 Uhr",
    "12 comments · updated 3 hours ago", "Published on 9 June 2026 at 14:35", "Posted: 09.06.2026, 14.35", "Modified on 9 June 2026",
]  # fmt: skip
WRITTEN = [
    "12 people were hurt", "The video has 1,234 views", "She has 12 comments to make on the plan", "Five minutes ago it began",
    "Updated rules for the harbour", "Updated with words of the mayor", "Comments", "Views of the harbour", "1,234",
    "Messi: 3 points", "vor Gericht", "Il y a une place pour tous", "Hace falta más agua", "Advertising is dear",
    "Anzeige gegen den Trainer", "Adverse winds: the ferry stays", "2 ore", "The ad was taken down two hours ago by the editor",
    "9 June 2026", "Published on 3 March 1922", "Published on 3 March 2022", "Publicado el 9 de junio de 2026",
    "Points: 30", "Points (30)", "30 points", "Plays: 65", "65 plays", "1,200 shares", "Shares: 1,200", "Downloads: 12", "12 reads",
    "Hits: 34", "12 hits", "Votes: 512", "12 votes", "Votes: 512 | Hits: 3", "Rating: 4.3/5", "4.3/5", "No comment", "No comment.",
    "Published: 14.30", "Published: 14:30", "Posted 12:45", "Updated 2.0.1", "Updated: 1.2.10", "Updated: 3-1-2", "Updated 2.10",
    "Ad: the ferry is cancelled", "[Ad] hoc committee convenes", "Anzeige: Trainer angezeigt", "(Anzeige) erstattet: Verein klagt",
    "(Promoted) Leeds United, with 90 points.", "Sponsored | Ropes and knots", "Werbung: Verbot geplant", "12 people like this idea",
    "Total: 620 Average: 206", "(Total: 620 Average: 206)", "Updated 24:14", "Updated: 24:14", "Updated: 21:61", "Updated 33h10", "Updated 25.10pm",
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
        ("The ferry sails. Post Views: 12", "the ferry sails."),
        ("The ferry sails. (Visited 12 times, 1 visits today)", "the ferry sails."),
        ("The ferry sails. Rating: 4.3/5 - (12 votes)", "the ferry sails."),
        ("The ferry sails · 3 hours ago", "the ferry sails"),
        ("The ferry sails (3 hours ago)", "the ferry sails"),
        ("3 hours ago · The ferry sails", "the ferry sails"),
        ("When did he leave? 3 weeks ago.", "when did he leave? 3 weeks ago."),
        ("3 weeks ago. He left.", "3 weeks ago. he left."),
        ("The book? Published 3 weeks ago.", "the book? published 3 weeks ago."),
        ("How often was it seen? Viewed 12 times.", "how often was it seen? viewed 12 times."),
        ("It is loved. 17 people like this.", "it is loved. 17 people like this."),
        ("Asked, he said: No comment.", "asked, he said: no comment."),
        ("The ferry sails. Advertisement: new oars, half price.", "the ferry sails. advertisement: new oars, half price."),
        ("The ferry sails. It had 12 comments and 3 views. It is full.", "the ferry sails. it had 12 comments and 3 views. it is full."),
        ("It sailed three hours ago", "it sailed three hours ago"),
        ("Kiel beat Magdeburg. Updated 21:14", "kiel beat magdeburg."),
        ("Kiel beat Magdeburg. Updated 24:14", "kiel beat magdeburg. updated 24:14"),
        ("He bowled on. Total: 620 Average: 206", "he bowled on. total: 620 average: 206"),
        ("It is rated. [Total: 12 Average: 4]", "it is rated."),
    ],
)  # fmt: skip
def test_a_sentence_that_passes_goes_from_either_end_only(text: str, left: str) -> None:
    assert lasting([key(text)]) == [left]


def lasts(content: str) -> str:
    return clean("T", "", content, base="https://www.harbour.example/1").lasting


AWAY = "<a href='https://shop.example/'>"


@pytest.mark.parametrize(
    ("advert", "left"),
    [
        (f"Advertisement: {AWAY}New oars, now cheaper</a>", ""),
        (f"[Ad] {AWAY}Oars. Half price!</a>", ""),
        (f"<b>Anzeige:</b> {AWAY}Segel nach Mass</a>.", ""),
        (f"Sponsored | {AWAY}Ropes</a>, {AWAY}knots</a>", ""),
        (f"(Promoted) {AWAY}Ropes and knots</a>", ""),
        (f"It is full. Advertisement: {AWAY}New oars</a>", "it is full."),
        ("<table><tr><th>[Sponsored]</th></tr></table>", ""),
        (f"It is full. {AWAY}</a>[Werbung]", "it is full."),
        ("Advertisement: new oars, now cheaper", ""),
        ("[Sponsored] Ropes and knots. Book at the shop.", ""),
        ("(Werbung) Segel nach Mass", ""),
        # Nothing of what somebody wrote goes with it.
        ("Advertisement: No. 12/2026, for two masters", "advertisement: no. 12/2026, for two masters"),
        ("Advertisement: masters wanted by 30 June 2026", "advertisement: masters wanted by 30 june 2026"),
        ("Advertisement: masters. Closing date: 30 June", "advertisement: masters. closing date: 30 june"),
        (f"Anzeige: Trainer angezeigt, meldet {AWAY}die Zeitung</a>", "anzeige: trainer angezeigt, meldet die zeitung"),
        (f"Ad: {AWAY}Astra</a> wins 3-1", "ad: astra wins 3-1"),
        (f"Ad: {AWAY}New oars</a>. Correction: it sails at 9.", "ad: new oars. correction: it sails at 9."),
        ("[Ad] hoc committee convenes", "[ad] hoc committee convenes"),
        ("(Anzeige) erstattet: Verein klagt", "(anzeige) erstattet: verein klagt"),
        ("Ad: <a href='/2'>the ferry is cancelled</a>", "ad: the ferry is cancelled"),
        ("It is full. Advertisement: new oars.", "it is full. advertisement: new oars."),
        (f"Promoted: {AWAY}Port Elling</a>", "promoted: port elling"),
    ],
)  # fmt: skip
def test_an_advert_is_told_by_links_to_elsewhere_or_by_a_label_that_is_nobody_elses(
    advert: str, left: str
):
    assert lasts(f"<p>The ferry sails.</p><p>{advert}</p>") == f"the ferry sails. {left}".strip()


def test_an_advert_that_is_all_there_is_stays():
    advert = "advertisement: new oars"
    assert lasting([advert, "12 comments"], lambda _: ["new oars"]) == [advert]
    assert lasting([advert, "the ferry sails."], lambda _: ["new oars"]) == ["the ferry sails."]


def test_points_pass_as_feeds_of_hacker_news_give_them_and_are_text_elsewhere():
    asked = "<p>Comments URL: https://news.example/1</p>"
    assert lasts(f"{asked}<p>Points: 30</p><p># Comments: 12</p>") == lasts(asked)
    for beside in ("<p>12 comments</p>", "<p>Rebounds: 12</p>"):
        assert lasts(f"<p>He was there.</p><p>Points: 30</p>{beside}").startswith(
            "he was there. points: 30"
        )


@pytest.mark.parametrize(
    "phrase", ["12 views ", "12 k views ", "comments (12) ", "updated 5 minutes ago ", "コメント(12) ", "updated: 14:05 ", "· ", "(1) "]
)  # fmt: skip
def test_a_phrase_that_comes_again_and_again_is_looked_at_once(phrase: str) -> None:
    began = process_time()
    for end in ("x", "(x"):
        assert not is_passing((phrase * 200)[: 240 - len(end)] + end)
    assert process_time() - began < 0.5


@given(st.lists(st.sampled_from([*PASSING, *WRITTEN, "The ferry sails."]), max_size=6))
def test_what_lasts_stays_so(texts: list[str]) -> None:
    once = lasting(map(key, texts))
    assert [one for one in lasting(once) if one not in once] == []


def test_a_paragraph_that_only_leads_elsewhere_does_not_count_beside_text() -> None:
    text = "<p>The ferry sails.</p>"
    assert lasts(f"{text}<p><a href='https://shop.example/'>Buy oars</a></p>") == "the ferry sails."
    assert lasts(f"{text}<p><a href='https://harbour.example/2'>Timetable</a></p>").endswith(
        "timetable"
    )
    assert lasts(f"{text}<ul><li><a href='https://shop.example/'>Oars</a></li></ul>").endswith(
        "oars"
    )
    assert lasts("<p><a href='https://shop.example/'>Buy oars</a></p>") == "buy oars"
