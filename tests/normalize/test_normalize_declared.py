"""Documents that are in the charset they declare but for a sign or two, or in UTF-8 but for that."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.entry import Document
from aggregator.model.feed import FeedIdentity
from aggregator.normalize import read as read_document
from aggregator.normalize.codepages import TORN
from aggregator.normalize.decoding import decoded, nearly

TEXTS = {
    "ru": ["Зенит обыграл «Спартак» — 2:1", "Тренер покидает клуб", "Ничья в Москве"],
    "pl": ["Żółw i łódź „Mewa” płyną", "Źdźbło trawy", "Sąd nad rządem"],
    "el": ["Ώρα μηδέν για την ομάδα", "Ο καιρός αύριο: βροχές", "Μεγάλη νίκη"],
    "fr": ["La grève à l’hôpital — « c’est très grave »", "L’été à la mer", "Déjà vu, hélas"],
    "tr": ["Beşiktaş’ta şok ayrılık", "Çılgın İş", "Yağış bekleniyor"],
    "ja": ["嵐の後、フェリーは再び運航", "監督の交代", "港はすべての船に開かれています"],
    "ko": ["한국 대표팀 승리, 팬들 환호", "감독 교체 소식", "내일 날씨: 비"],
    "zh-cn": ["国家队战胜对手获得冠军", "教练更换新闻", "北京时间今天上午，明天有雨"],
    "zh-tw": ["國家隊擊敗對手", "中文新聞文章", "颱風來襲，明天有雨"],
}


def document(declared: str, lang: str, *titles: bytes) -> bytes:
    told = f"<language>{lang}</language>" if lang else ""
    head = f"<?xml version='1.0' encoding='{declared}'?><rss version='2.0'><channel><title>N</title>{told}"
    items = b"".join(
        b"<item><guid>%d</guid><title>%s</title></item>" % (number, title)
        for number, title in enumerate(titles)
    )
    return head.encode() + items + b"</channel></rss>"


def read(body: bytes, content_type: str = "application/xml") -> Document:
    return read_document(
        body,
        content_type=content_type,
        url="https://news.example/rss",
        feed=FeedIdentity("news.example/rss"),
        seen=frozenset(),
        now=datetime(2026, 11, 2, 12, tzinfo=UTC),
        max_entries=5000,
    )


def titles_of(found: Document) -> list[str]:
    return [entry.title for entry in found.entries]


@pytest.mark.parametrize(
    ("lang", "declared", "codec"),
    [
        ("ru", "windows-1251", "cp1251"),
        ("ru", "koi8-r", "koi8-r"),
        ("pl", "ISO-8859-2", "iso8859-2"),
        ("el", "ISO-8859-7", "iso8859-7"),
        ("fr", "windows-1252", "cp1252"),
        ("fr", "ISO-8859-1", "latin-1"),
        ("tr", "ISO-8859-9", "iso8859-9"),
    ],
)
@pytest.mark.parametrize("told", ["declaration", "header"])
@pytest.mark.parametrize("said", [True, False], ids=["with its language", "without"])
def test_a_charset_that_fits_anything_is_not_believed_of_utf_8(lang, declared, codec, told, said):
    media_type = f"text/xml; charset={declared}" if told == "header" else "application/xml"
    declared = "utf-8" if told == "header" else declared
    lang_said = lang if said else ""
    cut = TEXTS[lang][0].rstrip("!:1 2»")
    cut = cut[: max(at for at, sign in enumerate(cut) if sign > "\x7f") + 1]
    torn = [*(title.encode() for title in TEXTS[lang]), cut.encode()[:-1]]
    found = read(document(declared, lang_said, *torn), media_type)
    assert titles_of(found) == [*TEXTS[lang], cut[:-1] + "�"]
    assert found.problems == (TORN,)
    # What is in the charset is read in it.
    written = [title.encode(codec, "ignore") for title in TEXTS[lang]]
    found = read(document(declared, lang_said, *written), media_type)
    assert titles_of(found) == [" ".join(title.decode(codec).split()) for title in written]
    assert found.problems == ()


DECLARED = [
    *("utf-8", "windows-1251", "windows-1252", "iso-8859-2", "iso-8859-7", "koi8-r", "us-ascii"),
    *("gbk", "gb2312", "shift_jis", "euc-jp", "euc-kr", "big5", "no-such-charset"),
]
UKRAINIAN = ["СІЧІ І НОЧІ", "НІ", "ТІНІ В ПІТЬМІ", "ЛІТО"]


def test_capitals_that_are_utf_8_by_chance_are_what_they_are_declared():
    body = document("windows-1251", "uk", *(title.encode("cp1251") for title in UKRAINIAN))
    assert titles_of(read(body)) == UKRAINIAN


@given(
    st.sampled_from([*TEXTS]),
    st.booleans(),
    st.sampled_from(DECLARED),
    st.sampled_from(["é", "Ж", "’", "語", "😀"]),
    st.integers(1, 3),
    st.data(),
)
def test_one_torn_sign_of_utf_8_is_the_matter_of_one_entry(lang, said, declared, sign, kept, data):
    titles = data.draw(st.lists(st.sampled_from(TEXTS[lang]), min_size=4, max_size=9))
    at = data.draw(st.integers(0, len(titles)))
    torn = sign.encode()[: min(kept, len(sign.encode()) - 1)]
    sound = [title.encode() for title in titles]
    told = lang if said else ""
    whole = titles_of(read(document(declared, told, *sound, b"x")))
    assert whole == [*titles, "x"]
    found = titles_of(read(document(declared, told, *sound[:at], b"x " + torn, *sound[at:])))
    assert found[:at] + found[at + 1 :] == titles
    assert found[at].startswith("x")


@pytest.mark.parametrize(
    ("lang", "declared", "codec", "added", "shown"),
    [
        ("ja", "Shift_JIS", "shift_jis", b"\x87\x40", "①"),
        ("ja", "x-sjis", "shift_jis", b"\x87\x40", "①"),
        ("ja", "EUC-JP", "euc_jp", b"\xad\xa1", "①"),
        ("ja", "EUC-JP", "euc_jp", b"\xfc\xe2" + "島屋".encode("euc_jp"), "髙島屋"),
        ("ko", "EUC-KR", "euc_kr", "똠방각하 펲시".encode("cp949"), "똠방각하 펲시"),
        ("ko", "ks_c_5601-1987", "euc_kr", "똠방각하".encode("cp949"), "똠방각하"),
        ("zh-tw", "Big5", "big5", "碁盤與裏面".encode("cp950"), "碁盤與裏面"),
        ("zh-tw", "Big5", "big5", "嘅嗰啲".encode("big5hkscs"), "嘅嗰啲"),
        ("zh-cn", "gbk", "gbk", "价格 㐀".encode("gb18030"), "价格 㐀"),
        # What nothing has
        ("ja", "Shift_JIS", "shift_jis", b"\x82", "�"),
        ("ja", "EUC-JP", "euc_jp", b"\xa4", "�"),
        ("ko", "EUC-KR", "euc_kr", b"\xb0", "�"),
        ("zh-tw", "Big5", "big5", b"\xa4", "�"),
        ("zh-cn", "gb2312", "gb18030", b"\xb0", "�"),
        ("zh-cn", "gbk", "gbk", b"\xb0", "�"),
        ("ru", "windows-1251", "cp1251", b"\x98", "�"),
        ("fr", "windows-1252", "cp1252", b"\x9d", "�"),
        ("el", "windows-1253", "cp1253", b"\xd2", "�"),
    ],
)
@pytest.mark.parametrize("said", ["its language", "none", "another"])
@pytest.mark.parametrize("told", ["declaration", "header"])
def test_a_declared_charset_that_lacks_a_sign(lang, declared, codec, added, shown, said, told):
    media_type = f"text/xml; charset={declared}" if told == "header" else "application/xml"
    head = "utf-8" if told == "header" else declared
    tag = {"its language": lang, "none": "", "another": "en-us"}[said]
    sound = [title.encode(codec, "ignore") for title in TEXTS[lang] * 3]
    shown_before = titles_of(read(document(head, tag, *sound, b"x"), media_type))
    assert shown_before == [*(title.decode(codec) for title in sound), "x"]
    found = read(document(head, tag, *sound, added + b" x"), media_type)
    assert titles_of(found) == [*shown_before[:-1], f"{shown} x"]
    assert found.problems == (
        (f"not all of it is {declared.lower()}, as it says",) if "\ufffd" in shown else ()
    )


@pytest.mark.parametrize("byte", [b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"])
@pytest.mark.parametrize("declared", ["utf-8", "windows-1252", "us-ascii"])
@pytest.mark.parametrize("count", [1, 9])
def test_a_byte_that_is_nothing_in_windows_1252_makes_it_no_other(byte, declared, count):
    titles = TEXTS["fr"] * count
    sound = [title.encode("cp1252") for title in titles]
    found = titles_of(read(document(declared, "fr", *sound, b"br" + byte + b"le")))
    assert found == [*titles, "br�le"]


@pytest.mark.parametrize(
    ("lang", "declared", "codec", "titles"),
    [
        ("ru", "gbk", "cp1251", TEXTS["ru"]),
        ("ru", "us-ascii", "cp1251", TEXTS["ru"]),
        ("zh-cn", "big5", "gb18030", [*TEXTS["zh-cn"], "外国人", "人民"]),
        ("ja", "big5", "euc_jp", [*TEXTS["ja"], "美術番組"]),
        ("fr", "shift_jis", "cp1252", ["La grève à l’hôpital", "L’été à la mer", "Été"]),
        ("en", "big5", "cp1252", ["It’s a day", "They’re off", "“Fine”"]),
        ("ar", "iso-8859-6", "cp1256", ["فاز المنتخب على نظيره", "حالة الطقس غدا"]),
    ],
)
def test_what_is_declared_and_is_not_so_is_not_nearly_so(lang, declared, codec, titles):
    body = document(declared, lang, *(title.encode(codec) for title in titles))
    assert titles_of(read(body)) == titles


@pytest.mark.parametrize(
    ("charset", "signs", "added"),
    [
        ("shift_jis", "〜−‖¢£¬", b"\x87\x40"),
        ("euc_jp", "〜−‖¢£¬", b"\xad\xa1"),
        ("big5", "•∼／¥¢£", "碁".encode("cp950")),
    ],
)
def test_signs_that_a_charset_has_are_no_others_beside_one_that_it_lacks(charset, signs, added):
    text = signs * 30
    assert decoded(charset, text.encode(charset) + added).startswith(text)
    assert nearly(charset, text.encode(charset) + added).startswith(text)


@pytest.mark.parametrize("charset", ["utf-8", "ascii", "utf-16", "hex", "no-such", ""])
def test_what_is_no_charset_of_texts_is_not_nearly_that(charset):
    assert nearly(charset, "Été, déjà vu".encode("cp1252")) == ""
