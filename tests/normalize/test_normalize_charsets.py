"""Documents in both UTF-8 and a code page, and in charsets that their language alone does not tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.normalize.codepages import TORN, in_utf8

WORDS = {
    "ru": ("cp1251", "Зенит обыграл Спартак", "Ничья команд Москвы", "С Новым годом", "Она в игре"),
    "uk": ("cp1251", "ТІНІ НОЧІ", "Рівне і Київ", "СІЧІ"),
    "pl": ("cp1250", "źle", "żółw", "Sąd nad rządem", "gęś", "PÓŁ DÓŁ"),
    "tr": ("cp1254", "Beşiktaş şok", "Gül", "Çılgın İş"),
    "fa": ("cp1256", "گزارش بازی", "تگرگ", "کاپ آسیا"),
    "th": ("cp874", "ข่าวกีฬาวันนี้", "รถยก", "เกมการแข่งขัน"),
    "fr": ("cp1252", "L’été à la mer", "Déjà vu", "café\xa0»"),
    "zh-cn": ("gb18030", "国家队战胜对手获得冠军", "教练更换新闻", "北京时间今天上午"),
    "zh-tw": ("cp950", "中文新聞文章", "國家隊擊敗對手"),
    "ja": ("euc_jp", "日本語のニュース記事", "監督の交代"),
    "ko": ("cp949", "한국어 뉴스 기사", "감독 교체 소식"),
}


def document(lang: str, *titles: bytes) -> bytes:
    items = b"".join(b"<item><title>" + title + b"</title></item>" for title in titles)
    return (
        b"<rss><channel><language>" + lang.encode() + b"</language>" + items + b"</channel></rss>"
    )


def titles_of(body: bytes) -> list[str]:
    found = in_utf8(body)
    assert found
    return [one.split("<")[0] for one in found[0].decode().split("<title>")[1:]]


def readable(text: str, page: str) -> str:
    return text.encode(page, "ignore").decode(page)


@given(st.data())
def test_a_title_is_read_the_same_whatever_stands_beside_it(data):
    lang = data.draw(st.sampled_from(["ru", "zh-cn", "zh-tw", "ja", "ko"]))
    page, *words = WORDS[lang]
    chosen = data.draw(
        st.lists(st.tuples(st.sampled_from(words), st.booleans()), min_size=2, max_size=12)
    )
    body = document(lang, *(word.encode("utf-8" if utf8 else page) for word, utf8 in chosen))
    if all(utf8 for _, utf8 in chosen):
        return
    assert titles_of(body) == [word for word, _ in chosen]


@pytest.mark.parametrize("lang", WORDS)
def test_what_is_all_in_a_code_page_is_read_in_it(lang):
    page, *words = WORDS[lang]
    written = [word.encode(page, "ignore") for word in words]
    found = in_utf8(document(lang, *written))
    if lang == "fr":
        assert found is None
    else:
        assert titles_of(document(lang, *written)) == [readable(word, page) for word in words]


@pytest.mark.parametrize(
    ("lang", "page", "utf8", "others"),
    [
        ("ru", "cp1251", ["Зенит обыграл Спартак"], ["Ничья команд Москвы"]),
        ("pl", "cp1250", ["źle", "żółw"], ["ślub", "gęś"]),
        ("pl", "cp1250", ["Sąd nad rządem"], ["Żółw", "gęś", "ślub", "łódź"]),
        ("tr", "cp1254", ["Beşiktaş"], ["Gül", "Çılgın"]),
        ("uk", "cp1251", ["Київ і Рівне"], ["СІЧІ І НОЧІ", "Рівне"]),
        ("zh", "big5", ["中文新聞文章"], ["國家隊擊敗對手", "北京新聞"]),
    ],
)
def test_a_document_half_in_utf_8(lang, page, utf8, others):
    for first in (True, False):
        titles = [*utf8, *others] if first else [*others, *utf8]
        body = document(lang, *(t.encode("utf-8" if t in utf8 else page) for t in titles))
        assert titles_of(body) == titles


@pytest.mark.parametrize(
    ("lang", "good", "bad", "shown"),
    [
        ("en", "It’s one", b"They\xe2\x80re", "They�re"),
        ("en", "plain", b"They\xe2\x80", "They�"),
        ("fr", "été", b"caf\xc3", "caf�"),
        ("es", "campaña", b"decisi\xc3\xe2\x80\xa6", "decisi�…"),
        ("es", "campaña", b"decisi\xc3...", "decisi�..."),
        ("en", "plain", b"Well \xf0\x9f\xa4", "Well �"),
        # Letters of the page
        ("fr", "L’été", b"ch\xe2teau", "château"),
        ("fr", "L’été", b"Caf\xe9", "Café"),
        ("pt", "Ação, então", b"MANH\xc3S", "MANHÃS"),
        ("sv", "Våren är Šumava", b"\xc5re", "Åre"),
        ("de", "Größe", "Österreich".encode("cp1252"), "Österreich"),
        ("pl", "Żółw", "gęś".encode("cp1250"), "gęś"),
        ("ru", "Зенит’ обыграл", "Она в игре".encode("cp1251"), "Она в игре"),
        ("ru", "Зенит обыграл Спартак", "С Новым годом".encode("cp1251"), "С Новым годом"),
    ],
)
def test_a_sign_cut_in_half_is_no_letter(lang, good, bad, shown):
    body = document(lang, *[good.encode()] * 3, bad)
    assert titles_of(body) == [*[good] * 3, shown]
    assert in_utf8(body)[1] == TORN


@given(
    st.sampled_from([*WORDS, "", "en"]),
    st.lists(st.text(st.characters(exclude_characters="<>\0", codec="utf-8")), max_size=6),
    st.sampled_from(["é", "Ж", "’", "語", "😀"]),
    st.integers(1, 3),
)
def test_one_torn_sign_leaves_all_else_and_what_is_sound_stays(lang, around, sign, kept):
    # As many sound signs as make it a document in UTF-8 without a doubt.
    sound = [*(WORDS.get(lang, ("", "été"))[1:]), *["Übergröße — 監督 Тренер"] * 9, *around]
    torn = sign.encode()[: min(kept, len(sign.encode()) - 1)]
    whole = document(lang, *(one.encode() for one in sound), b"|")
    read = in_utf8(
        whole.replace(b"|</title></item></channel>", torn + b"</title></item></channel>")
    )
    assert read
    before, _, after = whole.decode().rpartition("|")
    assert read[0].decode().startswith(before)
    assert read[0].decode().endswith(after)
    # Nothing of it is another reading of what is sound.
    assert in_utf8(whole)[0] == whole


CHARSETS = [
    ("ru", "koi8-r", "KOI8-R"),
    ("ru", "iso-8859-5", "ISO-8859-5"),
    ("ru", "cp1251", "Windows-1251"),
    ("en-US", "cp1251", "Windows-1251"),
    ("", "koi8-r", "KOI8-R"),
]


@pytest.mark.parametrize(("lang", "page", "name"), CHARSETS)
def test_cyrillic_is_known_by_its_letters(lang, page, name):
    titles = [
        "Зенит обыграл Спартак",
        "Ничья команд Москвы",
        "Тренер покидает клуб",
        "Гонка прошла",
    ]
    body = document(lang, *(title.encode(page) for title in titles))
    assert titles_of(body) == titles
    assert name in in_utf8(body)[1]


@pytest.mark.parametrize("page", ["koi8-r", "iso-8859-5"])
def test_capitals_are_known_by_how_common_they_are(page):
    title = "НИЧЬЯ КОМАНД МОСКВЫ НА ВЫЕЗДЕ"
    assert titles_of(document("ru", title.encode(page))) == [title]


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("ru", "Тренер сборной подал в отставку после поражения"),
        ("sr", "Звезда победила Партизан у дербију"),
        ("mk", "Вардар победи во дербито, Ѓорѓи и Ќира славеа"),
        ("be", "Беларускія спартсмены выйгралі медалі на чэмпіянаце"),
        ("uk", "Українські льотчики перемогли, погода на завтра — дощ"),
        ("bg", "Времето утре ще бъде слънчево, Левски победи ЦСКА"),
    ],
)
def test_windows_1251_is_no_other_in_any_case(lang, title):
    for cased in (title, title.upper()):
        assert titles_of(document(lang, cased.encode("cp1251"))) == [cased]


@pytest.mark.parametrize("titles", [["СССР ПРОТИВ США", "НИЧЬЯ КОМАНД МОСКВЫ"], ["Ёж"]])
def test_capitals_alone_are_no_other_charset(titles):
    assert titles_of(document("ru", *(title.encode("cp1251") for title in titles))) == titles


@pytest.mark.parametrize(
    ("lang", "page", "title"),
    [
        ("pl", "iso-8859-2", "Żółw i łódź, źdźbło, ślub"),
        ("pl", "cp1250", "Żółw i są gęsi ±5"),
        ("cs", "iso-8859-2", "Příliš žluťoučký kůň"),
        ("cs", "cp1250", "Příliš žluťoučký kůň"),
        ("cs", "iso-8859-2", "Žena říká, že váš šéf nežije"),
        ("sk", "iso-8859-2", "Totiž, že žijú"),
        ("sk", "cp1250", "Nedeľa: veľmi ľahko, ľudia"),
        ("sk", "cp1250", "Totiž, že ľudia žijú"),
        ("sr", "cp1251", "Партизан победио Звезду"),
        ("sr", "cp1250", "Žuti karton, čaša šljivovice, đak"),
        ("ja", "cp932", "日本語のニュース記事"),
        ("zh", "gb18030", "中文新闻文章朱镕基北京时间"),
        ("zh", "cp950", "中文新聞文章國家隊擊敗對手"),
        ("zh-cn", "gb18030", "朱镕基"),
    ],
)
def test_other_charsets_of_a_language(lang, page, title):
    assert titles_of(document(lang, title.encode(page))) == [title]


@pytest.mark.parametrize("lang", ["ja", "zh", "ko"])
def test_single_letters_between_ascii_are_no_chinese(lang):
    assert in_utf8(document(lang, b"It\x92s a day", b"Caf\xe9 one")) is None


def test_a_sign_torn_among_many_does_not_hide_a_charset():
    title = "国家队战胜对手获得冠军" * 6
    body = document("zh-cn", title.encode("gb18030"), "北京".encode("gb18030")[:-1])
    assert titles_of(body) == [title, "北�"]
