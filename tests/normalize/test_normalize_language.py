"""The language of an entry: as declared, unless its letters say that it cannot be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.model.entry import Document
from aggregator.model.feed import FeedIdentity
from aggregator.normalize import read as read_document
from aggregator.normalize.language import Titles, guess, settled
from aggregator.normalize.scripts import contradicts

NONE = Titles(lambda: "")
ENGLISH = "The manager was sacked after the match on Saturday evening. "
FRENCH = "L’entraîneur a été limogé après la défaite à Besançon. "
RUSSIAN = "Тренеры сборной объявили состав на матч с Аргентиной. "
SERBIAN = "Тренер репрезентације је саопштио списак играча за утакмицу. "
KAZAKH = "Ұлттық құрама жаттықтырушысы ойыншылар тізімін жариялады. "
MONGOLIAN = "Үндэсний шигшээ багийн дасгалжуулагч тамирчдаа зарлалаа. "
ARABIC = "أعلن مدرب المنتخب قائمة اللاعبين قبل مباراة الأرجنتين. "
PERSIAN = "سرمربی تیم ملی فهرست بازیکنان را پیش از بازی اعلام کرد. "
KURDISH = "ڕاهێنەری هەڵبژاردە لیستی یاریزانانی ڕاگەیاند. "
PUNJABI = "ਕੋਚ ਨੇ ਮੈਚ ਤੋਂ ਪਹਿਲਾਂ ਖਿਡਾਰੀਆਂ ਦੀ ਸੂਚੀ ਦਾ ਐਲਾਨ ਕੀਤਾ। "
HINDI = "कोच ने मैच से पहले खिलाड़ियों की सूची की घोषणा की। "
GREEK = "Ο προπονητής ανακοίνωσε την αποστολή για τον αγώνα. "
HEBREW = "המאמן הודיע על הסגל לקראת המשחק נגד ארגנטינה. "
JAPANESE = "監督は土曜日の試合の後に解任されたと発表した。"
CHINESE = "主教练在周六晚上的比赛结束后被俱乐部正式宣布解雇。"
KOREAN = "감독은 토요일 저녁 경기가 끝난 뒤 경질되었다고 밝혔다. "
THAI = "โค้ชประกาศรายชื่อนักเตะก่อนเกมกับอาร์เจนตินา "
SONGS = "Owl City – Fireflies (Radio Edit), Vanilla Twilight, Umbrella Beach, Hello Seattle. "

CONTRADICTED = [
    (declared, text)
    for declared in ("en-US", "en", "de-DE", "fr", "tr")
    for text in (RUSSIAN, ARABIC, PERSIAN, GREEK, HEBREW, HINDI, JAPANESE, CHINESE, KOREAN, THAI)
] + [
    ("ru", ARABIC),
    ("ru", CHINESE),
    ("ar", RUSSIAN),
    ("ja", RUSSIAN),
    ("ja", KOREAN),
    ("zh-Hans", RUSSIAN),
    ("zh-Hant-TW", KOREAN),
    ("el", THAI),
    ("hi", ARABIC),
    ("fa", RUSSIAN),
    # With names, numbers and addresses in it
    ("en-US", f"{RUSSIAN} Apple, iPhone 17"),
    ("en-US", f"{ARABIC} https://news.example/a-long-address/of-an-article/in-latin-letters"),
    ("en-US", "أعلن مدرب المنتخب القائمة"),
    # Latin letters, in a text long enough
    ("ru", ENGLISH * 7),
    ("ja", ENGLISH * 7),
    ("ar", FRENCH * 8),
]
BELIEVED = [
    ("en", ENGLISH),
    ("en", FRENCH * 9),
    ("fr", FRENCH),
    ("en", "“Quotes” — and 😀 dashes… 2026 ½ €"),
    # With a word or a sentence in another script
    ("en", f"{ENGLISH} {RUSSIAN}"),
    ("fr", f"{FRENCH * 2} «Тренеры сборной»"),
    ("en", "Тренеры сборной"),
    ("de", ""),
    # Names and slogans in Latin letters
    ("ja", "LIVE: Manchester United vs Liverpool FC"),
    ("ru", "iPhone 17 Pro Max Ultra Review"),
    ("ja", SONGS * 3),
    ("ja", f"{SONGS * 8}監督は土曜日の試合の後に解任された"),
    ("ko", ENGLISH * 3),
    ("ru", f"{ENGLISH * 20} Читать далее"),
    # Written in both
    ("sr", SERBIAN),
    ("sr-Latn", SERBIAN),
    ("sr", "Trener reprezentacije je saopštio spisak igrača za utakmicu. " * 7),
    ("bs", SERBIAN),
    ("kk", KAZAKH),
    ("kk", ARABIC),
    ("uz", RUSSIAN),
    ("az", RUSSIAN),
    ("az", PERSIAN),
    ("ku", KURDISH),
    ("ckb", KURDISH),
    ("pa", PUNJABI),
    ("pa", ARABIC),
    ("mn", MONGOLIAN),
    ("mn", "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ ᠦᠨ ᠡᠬᠢ"),
    ("ja", CHINESE),
    ("zh", JAPANESE),
    ("ko", CHINESE),
    ("hi", "Coach ne match se pehle khiladiyon ki list ka elaan kiya. " * 8),
    # In a script that its tag names
    ("en-Cyrl", RUSSIAN),
    # Nothing is known of these
    ("", RUSSIAN),
    ("xx", RUSSIAN),
    ("tlh", ARABIC),
]


@pytest.mark.parametrize(("declared", "text"), CONTRADICTED)
def test_what_the_letters_contradict(declared, text):
    assert contradicts(declared, text)
    found = settled(declared, text, NONE)
    assert found != declared
    assert not contradicts(found, text)


@pytest.mark.parametrize(("declared", "text"), BELIEVED)
def test_what_they_do_not(declared, text):
    assert not contradicts(declared, text)
    if declared:
        assert settled(declared, text, NONE) == declared


@pytest.mark.parametrize(
    ("declared", "text", "titles", "found"),
    [
        ("en-US", "Явка на выборах", RUSSIAN * 3, "ru"),
        ("en-US", "LIVE", RUSSIAN * 3, "en-US"),
        ("en-US", "Явка на выборах", ENGLISH * 3, "en-US"),
        ("ru", "LIVE", ENGLISH * 3, "ru"),
        # Contradicted, and too short to tell; titles in other letters do not tell it either
        ("en-US", "أعلن مدرب المنتخب القائمة", ARABIC * 3, "ar"),
        ("en-US", "أعلن مدرب المنتخب القائمة", ENGLISH * 3, ""),
        ("", "أعلن مدرب المنتخب القائمة", ENGLISH * 3, ""),
        ("", "LIVE", ENGLISH * 3, "en"),
    ],
)
def test_a_short_text_with_the_titles_it_came_with(declared, text, titles, found):
    assert settled(declared, text, Titles(lambda: titles)) == found


def test_a_language_without_stems_is_not_that_of_titles_in_other_letters():
    assert guess(THAI, Titles(lambda: ENGLISH * 3)) == "th"


def read(titles: list[str], declared: str, **more: object) -> Document:
    items = "".join(
        f"<item><guid>{n}</guid><title>{title}</title></item>" for n, title in enumerate(titles)
    )
    body = (
        f"<rss version='2.0'><channel><title>Sport</title><language>{declared}</language>"
        f"{items}</channel></rss>"
    )
    values = {
        "content_type": "application/xml", "url": "https://news.example/rss",
        "feed": FeedIdentity("news.example/rss"), "seen": frozenset(),
        "now": datetime(2026, 11, 2, 12, tzinfo=UTC), "max_entries": 5000,
    }  # fmt: skip
    return read_document(body.encode(), **(values | more))


@pytest.mark.parametrize(
    ("text", "declared", "found"),
    [
        (RUSSIAN, "en-US", "ru"),
        (ARABIC, "en-US", "ar"),
        (GREEK, "en-US", "el"),
        (JAPANESE * 2, "en-US", "ja"),
        (RUSSIAN, "ru-RU", "ru-RU"),
        (FRENCH, "fr", "fr"),
    ],
)
def test_a_feed_in_another_script_than_it_declares(text, declared, found):
    titles = [text.strip(), "LIVE", text.split()[0][:12]]
    document = read(titles, declared)
    assert document.lang == found
    assert [entry.lang for entry in document.entries] == [found, declared, found]
    # Also where nothing is new.
    seen = frozenset(entry.item_hash for entry in document.entries)
    assert read(titles, declared, seen=seen).lang == found


def test_an_item_in_another_script_among_others():
    document = read([ENGLISH, RUSSIAN, ENGLISH], "en-US")
    assert document.lang == "en-US"
    assert [entry.lang for entry in document.entries] == ["en-US", "ru", "en-US"]


def test_what_is_declared_makes_no_difference_to_what_is_an_edit():
    (one,) = read([RUSSIAN], "en-US").entries
    (other,) = read([RUSSIAN], "ru").entries
    assert (one.fingerprint, one.parts) == (other.fingerprint, other.parts)
