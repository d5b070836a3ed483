"""Documents that are not the UTF-8 they say they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.model.entry import Document
from aggregator.model.feed import FeedIdentity
from aggregator.normalize import read as read_document
from aggregator.normalize.codepages import TORN

# By the language that a feed declares: the page it was written in, and headlines.
PAGES = {
    "ru": ("windows-1251", "«СССР» ПРОТИВ «США»", "Зенит обыграл Спартак", "Ёлка — 2026"),
    "uk": ("windows-1251", "УКРАЇНСЬКІ ЛЬОТЧИКИ", "Рівне, Київ і Мінськ: «Ґанок»"),
    "bg": ("windows-1251", "Времето утре"),
    "be": ("windows-1251", "Ў Мінску адкрылі музей"),
    "mk": ("windows-1251", "Ѓорѓи и Ќира одат во Љубљана"),
    "tr": ("windows-1254", "Beşiktaş'ta şok", "ŞAMPİYONLUK YARIŞI “ÇILGIN”"),
    "az": ("windows-1254", "Bakıda yağış"),
    "pl": ("windows-1250", "Żółw i „łódź”", "Źdźbło"),
    "cs": ("windows-1250", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
    "sk": ("windows-1250", "Ľúbostné tŕne"),
    "hu": ("windows-1250", "Árvíztűrő tükörfúrógép"),
    "sl": ("windows-1250", "Žoga čez šolo"),
    "hr": ("windows-1250", "Đaci u šetnji"),
    "ro": ("windows-1250", "Ştirile din Bucureşti"),
    "el": ("windows-1253", "«Ώρα μηδέν» για την Άρτα"),
    "ar": ("windows-1256", "فاز المنتخب على نظيره الياباني", "كأس العالم"),
    "fa": ("windows-1256", "گزارش پرسپوليس و استقلال", "چرا رفت؟"),
    "he": ("windows-1255", "מכבי תל אביב ניצחה"),
    "lt": ("windows-1257", "Žalgiris laimėjo prieš Rytą"),
    "lv": ("windows-1257", "Ģimenes svētki Rīgā"),
    "et": ("windows-1257", "Jõgi šokis"),
    "th": ("windows-874", "ข่าวกีฬาวันนี้ เกมการแข่งขัน", "รายงานสภาพอากาศ"),
    "vi": ("windows-1258", "Đường đi Sơn Tây"),
    "fr": ("windows-1252", "L’été à la mer", "Le « cœur »"),
    "": ("windows-1252", "Über die Brücke"),
}
# In this page tones are marks of their own.
WRITTEN = {"vi": "Đươ\u0300ng đi Sơn Tây"}


def document(lang: str, *titles: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    items = "".join(
        f"<item><guid>{n}</guid><title>{title}</title></item>" for n, title in enumerate(titles)
    )
    told = f"<language>{lang}</language>" if lang else ""
    return (
        f"{head}<rss version='2.0'><channel><title>{titles[0]}</title>{told}{items}</channel></rss>"
    )


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


def codec(page: str) -> str:
    return page.replace("windows-", "cp")


@pytest.mark.parametrize("lang", PAGES)
@pytest.mark.parametrize("told", ["declaration", "header", "nowhere", "ascii"])
def test_what_is_no_utf_8_is_in_the_code_page_of_its_language(lang, told):
    page, *titles = PAGES[lang]
    head = {"declaration": "UTF-8", "ascii": "us-ascii"}.get(told)
    head = f'<?xml version="1.0" encoding="{head}"?>' if head else ""
    media_type = "text/xml; charset=utf-8" if told == "header" else "application/xml"
    written = [WRITTEN[lang]] if lang in WRITTEN else titles
    found = read(document(lang, *written, head=head).encode(codec(page)), media_type)
    assert titles_of(found) == titles
    assert (found.title, found.lang) == (titles[0], lang)
    mentioned = any(page.capitalize() in one for one in found.problems)
    assert mentioned == (page != "windows-1252")


RSS = "<rss version='2.0'><channel><title>T</title>{}</channel></rss>"
ITEM = "<item><title>Тренер</title></item>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='ru-RU'><title>T</title>{}</feed>"


@pytest.mark.parametrize(
    "body",
    [
        RSS.format(f"{ITEM}<language>ru-RU</language>"),
        RSS.format(f"<dc:language>RU</dc:language>{ITEM}"),
        RSS.format(f"<language><![CDATA[ ru ]]></language>{ITEM}"),
        ATOM.format("<entry><id>1</id><title>Тренер</title></entry>"),
    ],
    ids=["behind its items", "of Dublin Core", "in CDATA", "of XML"],
)
def test_wherever_the_language_stands(body):
    assert titles_of(read(body.encode("cp1251"))) == ["Тренер"]


@pytest.mark.parametrize(
    ("header", "declared", "written"),
    [
        ("", "koi8-r", "koi8-r"),
        ("", "iso-8859-5", "iso-8859-5"),
        ("utf-8", "koi8-r", "koi8-r"),
        ("koi8-r", "utf-8", "koi8-r"),
        ("no-such-charset", "koi8-r", "koi8-r"),
    ],
)
def test_a_charset_that_is_declared_and_fits_counts(header, declared, written):
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    body = document("ru", "Зенит обыграл Спартак", head=head).encode(written)
    media_type = f"application/xml; charset={header}" if header else "application/xml"
    found = read(body, media_type)
    assert titles_of(found) == ["Зенит обыграл Спартак"]
    assert found.problems == ()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "mark"])
@pytest.mark.parametrize("lang", [*PAGES, "ja", "zh"])
def test_one_torn_byte_leaves_the_rest_as_it_is(lang, mark):
    others = {"ja": ["", "日本代表が勝利した", "監督の交代"], "zh": ["", "国家队战胜对手", "教练"]}
    _, *titles = {**PAGES, **others}[lang]
    whole = document(lang, *titles, "Last").encode()
    at = whole.index(b"<title>Last") + len(b"<title>")
    for torn in (b"\xd0", b"\xe2\x80", b"\x98 "):
        found = read(mark + whole[:at] + torn + whole[at:])
        assert titles_of(found)[:-1] == titles
        assert titles_of(found)[-1].endswith("Last")
        assert found.problems == (TORN,)
        assert found.lang == lang


@pytest.mark.parametrize(
    ("lang", "torn", "shown"),
    [
        # Cut in half beside whole signs
        ("ru", "Зенит".encode()[:-1], "Зени�"),
        ("ja", "監督".encode() + b"\x81", "監督�"),
        # Pasted
        ("ru", "Зенит".encode("cp1251"), "Зенит"),
        ("fr", "Café".encode("cp1252"), "Café"),
        ("", "It’s".encode("cp1252"), "It’s"),
        ("tr", "Beşiktaş".encode("cp1254"), "Beşiktaş"),
        # The halves of a pair, each by itself
        ("ru", b"Owls \xed\xa0\xbd\xed\xb8\x80", "Owls 😀"),
    ],
)
def test_what_is_no_utf_8_in_a_document_that_is(lang, torn, shown):
    good = "Über", "Été", "Тренер", "監督"
    body = document(lang, *good, "Last").encode().replace(b"Last", torn)
    found = read(body)
    assert titles_of(found) == [*good, shown]


def test_a_document_that_breaks_off_within_a_sign():
    body = document("ru", "Зенит обыграл Спартак", "Тренер").encode()
    found = read(body[: body.rindex("нер".encode()) + 1])
    assert titles_of(found) == ["Зенит обыграл Спартак"]
    assert TORN not in found.problems


@pytest.mark.parametrize("run", [b"\xe0\x80\x80\xff", b"\xed\xa0\x80\xff", b"\xf0\x80\x80\x80\xff"])
@pytest.mark.parametrize("lang", ["ru", "el", "ar"])
def test_what_looks_like_a_sign_and_is_none(lang, run):
    found = read(document(lang, "Last").encode().replace(b"Last", run))
    assert len(found.entries) == 1
