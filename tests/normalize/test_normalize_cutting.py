"""What was seen before is not read again, and the rest comes out as if all had been read."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from aggregator.model.entry import Document
from aggregator.model.errors import NotAFeed
from aggregator.model.feed import FeedIdentity
from aggregator.normalize import cutting
from aggregator.normalize import read as read_document
from aggregator.normalize.cutting import Cut, cut

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds"
URL = "https://news.example/feeds/rss"


def read(
    body: bytes, seen: frozenset[bytes] = frozenset(), content_type: str = "", url: str = URL
) -> Document:
    return read_document(
        body, content_type=content_type, url=url, feed=FeedIdentity("news.example/rss"), seen=seen,
        now=NOW, max_entries=5000,
    )  # fmt: skip


def hashes(document: Document) -> frozenset[bytes]:
    return frozenset(entry.item_hash for entry in document.entries)


def without(whole: Document, seen: frozenset[bytes]) -> Document:
    """What a document comes to for one who has seen some of it."""
    return replace(
        whole,
        entries=tuple(entry for entry in whole.entries if entry.item_hash not in seen),
        known=tuple(
            (entry.position, entry.item_hash) for entry in whole.entries if entry.item_hash in seen
        ),
    )


def both_ways(body: bytes, seen: frozenset[bytes], charset: str = "") -> Cut | None:
    """The cut past what is known, which is that of a walk through the whole document."""
    known = {one[:16]: one for one in seen}
    found = cut(body, charset=charset, url=URL, seen=known)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "_past_known", lambda *_: None)
        assert found == cut(body, charset=charset, url=URL, seen=known)
    return found


# ---- documents of our own ----


class Piece(Struct, frozen=True):
    """An item in parts, each "" where absent; ``text`` is the XML inside its text element."""

    guid: str = ""
    link: str = ""
    title: str = "A title"
    date: str = ""
    text: str = "Text"
    more: str = ""
    attributes: str = ""


class Frame(Struct, frozen=True):
    """What stands around the items."""

    kind: str = "rss"
    head: str = ""
    tail: str = ""
    attributes: str = ""
    before: str = ""
    between: str = "\n"
    encoding: str = "utf-8"
    declared: bool = True
    content_type: str = ""


DC, ATOM = "http://purl.org/dc/elements/1.1/", "http://www.w3.org/2005/Atom"
CONTENT, RSS10 = "http://purl.org/rss/1.0/modules/content/", "http://purl.org/rss/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def xml(frame: Frame, pieces: Sequence[Piece]) -> bytes:
    make = {"rss": _rss, "rdf": _rdf, "atom": _atom, "prefixed": _prefixed}[frame.kind]
    declaration = f' encoding="{frame.encoding}"' if frame.declared else ""
    text = f'<?xml version="1.0"{declaration}?>\n{frame.before}{make(frame, pieces)}'
    return text.encode(frame.encoding, "xmlcharrefreplace")


def _rss(frame: Frame, pieces: Sequence[Piece]) -> str:
    items = frame.between.join(_rss_item(piece) for piece in pieces)
    return (
        f'<rss version="2.0" xmlns:content="{CONTENT}"{frame.attributes}><channel><title>T</title>'
        f"{frame.head}{items}{frame.tail}</channel></rss>"
    )


def _rdf(frame: Frame, pieces: Sequence[Piece]) -> str:
    items = frame.between.join(_rss_item(piece) for piece in pieces)
    return (
        f'<rdf:RDF xmlns:rdf="{RDF}" xmlns="{RSS10}" xmlns:content="{CONTENT}"{frame.attributes}>'
        f"<channel><title>T</title>{frame.head}</channel>{items}{frame.tail}</rdf:RDF>"
    )


def _rss_item(piece: Piece) -> str:
    parts = [f"<item{piece.attributes}>", f"<title>{piece.title}</title>"]
    parts += [f'<guid isPermaLink="false">{piece.guid}</guid>'] if piece.guid else []
    parts += [f"<link>{piece.link}</link>"] if piece.link else []
    parts += [f"<pubDate>{piece.date}</pubDate>"] if piece.date else []
    return "".join((*parts, f"<description>{piece.text}</description>{piece.more}</item>"))


def _atom(frame: Frame, pieces: Sequence[Piece]) -> str:
    entries = frame.between.join(_atom_entry(piece) for piece in pieces)
    return f'<feed xmlns="{ATOM}"{frame.attributes}><title>T</title>{frame.head}{entries}{frame.tail}</feed>'


def _atom_entry(piece: Piece) -> str:
    parts = [f"<entry{piece.attributes}>", f"<title>{piece.title}</title>"]
    parts += [f"<id>{piece.guid}</id>"] if piece.guid else []
    parts += [f'<link href="{piece.link}"/>'] if piece.link else []
    parts += [f"<published>{piece.date}</published>"] if piece.date else []
    return "".join((*parts, f'<content type="html">{piece.text}</content>{piece.more}</entry>'))


def _prefixed(frame: Frame, pieces: Sequence[Piece]) -> str:
    """Atom under a prefix."""
    plain = _atom(replace(frame, head="", tail="", between=""), pieces)
    for name in ("feed", "title", "entry", "id", "published", "content"):
        plain = plain.replace(f"<{name}", f"<a:{name}").replace(f"</{name}>", f"</a:{name}>")
    return plain.replace("<link ", "<a:link ").replace("xmlns=", "xmlns:a=", 1)


NEWS = tuple(
    Piece(guid=f"n{n}", link=f"https://news.example/{n}", title=f"Report {n}", text=f"Text {n}")
    for n in range(5)
)
KINDS = ("rss", "rdf", "atom", "prefixed")


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_seen_is_not_in_what_is_parsed(kind):
    body = xml(Frame(kind), NEWS)
    seen = {one[:16]: one for one in sorted(hashes(read(body)))[1:]}
    found = cut(body, charset="", url=URL, seen=seen)
    assert found is not None
    (left,) = set(range(5)) - set(found.known)
    assert [f"Report {n}".encode() in found.without(found.known) for n in range(5)] == [
        n == left for n in range(5)
    ]
    document = read(body, frozenset(seen.values()))
    assert [entry.title for entry in document.entries] == [f"Report {left}"]
    assert [at for at, _ in document.known] == [n for n in range(5) if n != left]


ITEM = xml(Frame(), NEWS[:1])[xml(Frame(), []).index(b"<title>T</title>") + 16 :].split(
    b"</channel>"
)[0]
BARE = xml(Frame(), [])
MARK = "<?known-items?>"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", range(6))
def test_known_items_are_not_walked_through_again(kind, at, monkeypatch):
    """But for those under a prefix. Wherever the new one stands, all come out in their places."""
    seen = {one[:16]: one for one in hashes(read(xml(Frame(kind), NEWS)))}
    body = xml(Frame(kind), (*NEWS[:at], Piece(guid="new", text="Fresh"), *NEWS[at:]))
    walked: list[bytes] = []

    class Watched(cutting._Walk):
        def __init__(self, body: bytes, charset: str, **options: bool) -> None:
            walked.append(body)
            super().__init__(body, charset, **options)

    monkeypatch.setattr(cutting, "_Walk", Watched)
    found = cut(body, charset="", url=URL, seen=seen)
    assert found is not None
    assert sorted(found.known) == [n for n in range(6) if n != at]
    assert [body[first:last].count(b"Fresh") for first, last in found.spans] == [
        n == at for n in range(6)
    ]
    assert [one.count(b"Report") for one in walked] == ([5] if kind == "prefixed" else [0, 0])


@pytest.mark.parametrize(
    "body",
    [
        BARE.replace(b"</channel>", b"<!--" + ITEM + b"--></channel>"),
        BARE.replace(b"</channel>", b"<!--" + ITEM + b"-->" + ITEM + b"</channel>"),
        BARE.replace(b"</channel>", b"<generator><![CDATA[" + ITEM + b"]]></generator></channel>"),
        BARE.replace(b"</channel>", b"<image>" + ITEM + b"</image></channel>"),
        BARE.replace(b"</channel>", b"<item><title>New</title>" + ITEM + b"</item></channel>"),
        BARE.replace(b"</channel>", b"<item><title>New</title></item >" + ITEM + b"</channel>"),
        BARE.replace(b"<title>T</title>", b"<title>T" + ITEM + b"</title>"),
        BARE.replace(b"</channel>", b"</channel>" + ITEM),
        BARE.replace(b"</rss>", b"</rss>" + ITEM),
        BARE.replace(b"</channel>", b"<items>" + ITEM + b"</items>" + ITEM + b"</channel>"),
        BARE.replace(b"</channel>", ITEM * 3 + b"<Item><title>Capital</title></Item></channel>"),
        BARE.replace(b"</channel>", ITEM + b"<item/></channel>"),
        BARE.replace(b"</channel>", ITEM + b"<title>" + ITEM[:-7] + b"</title></channel>"),
        BARE.replace(b"</channel>", ITEM + f"{MARK}</channel>".encode()),
        BARE.replace(b"</channel>", ITEM + b"<?known-items of another kind?></channel>"),
        BARE.replace(b"</channel>", f"<item><title>New</title>{MARK}</item>".encode() + ITEM + b"</channel>"),
        BARE.replace(b"<channel>", b'<channel xmlns="urn:other">').replace(b"</channel>", ITEM + b"</channel>"),
        BARE.replace(b"<?xml", b"<!DOCTYPE rss><?xml").replace(b"</channel>", ITEM + b"</channel>"),
        BARE.replace(b"</channel>", ITEM + b"\x0b" + ITEM + b"</channel>"),
        BARE.replace(b"</channel>", ITEM + b"\x0c\n" + ITEM + b"</channel>"),
        BARE.replace(b"</channel>", ITEM + b"\r\n\t " + ITEM + b"</channel>"),
    ],
)  # fmt: skip
def test_bytes_of_a_known_item_are_one_only_where_an_item_may_stand(body):
    seen = hashes(read(xml(Frame(), NEWS[:1])))
    assert both_ways(BARE.replace(b"</channel>", ITEM + b"</channel>"), seen).known == {
        0: next(iter(seen))
    }
    both_ways(body, seen)


def test_a_known_item_is_none_where_its_prefix_is_not_bound():
    """As after the channel that binds it: the start tags around are the same."""
    item = b"<item><title>A</title><guid>1</guid><x:note>N</x:note></item>"
    begin = b'<rss version="2.0"><channel xmlns:x="urn:x"><title>T</title>'
    seen = hashes(read(begin + item + b"</channel></rss>"))
    assert both_ways(begin + item + b"</channel></rss>", seen).known
    assert both_ways(begin + b"</channel>" + item + b"</rss>", seen) is None


def test_a_known_item_that_binds_a_prefix_is_walked_through():
    """As one of two that bind it to something else: then nothing is cut."""
    one, other = (
        Piece(guid=f"{n}", more=f'<x:note xmlns:x="urn:{n}">{n}</x:note>') for n in range(2)
    )
    seen = hashes(read(xml(Frame(), [one])))
    assert both_ways(xml(Frame(), [one]), seen).known
    assert both_ways(xml(Frame(), [one, other]), seen) is None


WITH_OWN = replace(NEWS[0], text="Other words")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Frame(), Frame(attributes=' xml:base="https://other.example/"')),
        (Frame(), Frame(attributes=' xml:lang="de"')),
        (Frame(), Frame(attributes=f' xmlns:dc="{DC}"')),
        (Frame(encoding="iso-8859-1"), Frame(encoding="iso-8859-15")),
        (Frame(content_type="text/xml; charset=iso-8859-1"), Frame(content_type="text/xml; charset=koi8-r")),
        (Frame(head="<language>en</language>"), Frame(head="<language>de</language>")),
        (Frame(head="<author>A</author>"), Frame(head="<author>B</author>")),
    ],
)  # fmt: skip
def test_what_gives_an_item_its_meaning_from_outside_counts(kind, before, after):
    def seen(frame: Frame) -> frozenset[bytes]:
        frame = replace(frame, kind=kind)
        if kind == "prefixed" and frame.head:
            pytest.skip("has no head of its own")
        return hashes(read(xml(frame, NEWS), content_type=frame.content_type))

    assert seen(before) == seen(before)
    assert seen(before).isdisjoint(seen(after))


@pytest.mark.parametrize(
    ("url", "same"),
    [
        (URL + "?token=8", True),
        (URL.replace("/feeds/", "/other/"), False),
        (URL.replace("news.", "old."), False),
    ],
)
def test_the_address_counts_as_far_as_relative_ones_resolve_against_it(url, same):
    body = xml(Frame(), NEWS)
    assert (hashes(read(body)) == hashes(read(body, url=url))) is same


def test_what_says_nothing_of_the_items_does_not_count():
    before = Frame(head="<lastBuildDate>1</lastBuildDate>", before="<!-- 10:01 -->")
    after = Frame(head="<ttl>5</ttl><generator>x</generator>", before="<?x y?>", between="\n\n")
    assert hashes(read(xml(before, NEWS))) == hashes(read(xml(after, NEWS[::-1])))


@pytest.mark.parametrize(
    "body",
    [
        xml(Frame(before="<!DOCTYPE rss [<!ENTITY e 'x'>]>"), NEWS),
        xml(Frame(before='<!DOCTYPE rss SYSTEM "rss.dtd">'), NEWS),
        xml(Frame(encoding="shift_jis"), NEWS),
        xml(Frame(), NEWS)[:-10],
        xml(Frame(), (*NEWS, Piece(text="a & b"))),
        xml(Frame(), (*NEWS, Piece(more="<x:y/>"))),
        xml(Frame(), (*NEWS, Piece(more="<item><title>In</title></item>"))),
        xml(Frame(tail="<item/>"), NEWS),
        xml(Frame(tail="<image><item><title>In</title></item></image>"), NEWS),
        xml(Frame(), (Piece(attributes=' xmlns:a="urn:1"'), Piece(attributes=' xmlns:a="urn:2"'))),
        b"<html><item></item></html>",
    ],
)
def test_what_is_unusual_goes_whole(body):
    assert cut(body, charset="", url=URL, seen={}) is None
    if not body.startswith(b"<html"):
        whole = read(body)
        seen = frozenset(sorted(hashes(whole))[1:])
        assert read(body, seen) == without(whole, seen)


def test_items_of_another_vocabulary_are_none():
    body = xml(
        Frame(head='<x:item xmlns:x="urn:x"><title>No</title></x:item>', tail="<Item></Item>"), NEWS
    )
    whole = read(body)
    seen = frozenset(sorted(hashes(whole))[1:])
    assert read(body, seen) == without(whole, seen)


def test_a_twin_that_comes_is_told_apart_from_one_that_was_seen():
    first = read(xml(Frame(), NEWS[:2]))
    twin = replace(NEWS[0], link="https://news.example/other")
    second = read(xml(Frame(), (twin, *NEWS[:2])), hashes(first))
    assert len({entry.identity for entry in second.entries}) == 2
    assert [at for at, _ in second.known] == [2]


def test_two_that_were_seen_apart_are_told_apart_when_they_come_together():
    twin = replace(NEWS[0], link="https://news.example/other")
    seen = hashes(read(xml(Frame(), [NEWS[0]]))) | hashes(read(xml(Frame(), [twin])))
    together = read(xml(Frame(), [NEWS[0], twin]), seen)
    assert len({entry.identity for entry in together.entries}) == 2


def test_a_page_that_an_unread_item_leads_to_as_well_names_no_item():
    first = read(xml(Frame(), NEWS[:1]))
    (other,) = read(xml(Frame(), (replace(NEWS[0], guid="x"), NEWS[0])), hashes(first)).entries
    assert other.canonical_url is None


def test_an_item_leaves_nothing_behind_for_the_next():
    """Where feedparser alone reads on at the base of the item before, or takes text for markup."""
    leaky = [
        Piece(guid="a", attributes=' xml:base="https://a.example/"', text="<div>one</div> text"),
        Piece(guid="b", text="", more='<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><details><summary>S</summary>x</details></div></content>'),
        Piece(guid="c", text="&lt;p&gt;a &lt;a href='/there'&gt;link&lt;/a&gt;&lt;/p&gt;"),
    ]  # fmt: skip
    alone = read(xml(Frame("atom"), leaky[2:])).entries[0]
    after = read(xml(Frame("atom"), leaky)).entries[2]
    assert replace(after, position=0) == alone
    assert 'href="https://news.example/there"' in alone.html


def test_json_feeds_are_recognised_as_well():
    def made(*numbers: int) -> bytes:
        items = [{"id": n, "title": f"T{n}", "content_text": f"C{n}"} for n in numbers]
        told = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items}
        return json.dumps(told).encode()

    second = read(made(3, 2, 1), hashes(read(made(2, 1))))
    assert [entry.title for entry in second.entries] == ["T3"]
    assert [at for at, _ in second.known] == [1, 2]


# ---- any document, any poll after any other ----

TEXTS = (
    "Plain words",
    "Grüße aus Köln und 北京",
    "<![CDATA[<p>One &amp; <a href='rel/x'>two</a></p><item>no</item>]]>",
    "&lt;p&gt;It&amp;rsquo;s &lt;img src='i.jpg'/&gt; so&lt;/p&gt;",
    "caf&#xe9; <!-- </item> --> and <?php echo '<item>' ?> more",
    "<b>inline</b> <div>as it should not be</div>",
    "<summary>S</summary> <title>inner</title>",
    "",
)
MORE = (
    "",
    f'<dc:creator xmlns:dc="{DC}">A. Writer</dc:creator>',
    f'<x:creator xmlns:x="{DC}">B. Writer</x:creator>',
    '<enclosure url="a.mp3" type="audio/mpeg" length="12"/>',
    "<category>Football</category><category>Cup</category>",
    f"<c:encoded xmlns:c='{CONTENT}'><![CDATA[<p>Longer</p>]]></c:encoded>",
    '<source url="https://o.example/"><title>Other</title></source>',
    "<image><title>I</title><url>i.png</url></image>",
    '<summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>X</p></div></summary>',
    "<unknown a='b'>?</unknown>",
)
pieces = st.builds(
    Piece,
    guid=st.sampled_from(["", "1", "2", "http://h.example/3", "https://h.example/3"]),
    link=st.sampled_from(["", "https://h.example/a", "http://www.h.example/a?utm_source=x", "/b"]),
    title=st.sampled_from(["One", "Two", "Trois é"]),
    date=st.sampled_from(["", "2026-11-01T10:00:00Z", "Sun, 01 Nov 2026 11:00:00 GMT"]),
    text=st.sampled_from(TEXTS),
    more=st.sampled_from(MORE),
    attributes=st.sampled_from(["", "", ' xml:base="https://b.example/d/"', ' xml:lang="fr"', ' rdf:about="x"']),
)  # fmt: skip
frames = st.builds(
    Frame,
    kind=st.sampled_from(KINDS),
    head=st.sampled_from(["", "<language>en</language>", "<link>/home</link>", "<image><url>i</url></image>"]),
    tail=st.sampled_from(["", "<language>de</language>", "<title>Late</title>", "<ttl>9</ttl>", "<item/>"]),
    attributes=st.sampled_from(["", f' xmlns:dc="{DC}"', ' xml:base="/root/"', ' xml:lang="es"']),
    before=st.sampled_from(["", "<!-- <item> -->", "<!DOCTYPE x>", '<!DOCTYPE x [<!ENTITY e "é">]>']),
    between=st.sampled_from(["", "\n", "<!-- </item> -->", "<?pi <item>?>", "<?known-items?>", "text", "\x0c"]),
    encoding=st.sampled_from(["utf-8", "iso-8859-1", "windows-1252", "utf-16", "shift_jis"]),
    declared=st.booleans(),
    content_type=st.sampled_from(["", "text/xml; charset=utf-8", "application/xml; charset=iso-8859-1"]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(frames, st.lists(pieces, max_size=6), st.lists(pieces, max_size=4), st.randoms())
@example(Frame(), [Piece(guid="1")] * 2, [Piece(guid="1", title="Two")], random.Random(1))
def test_a_later_poll_reads_as_if_it_read_all(frame, earlier, fresh, draw):
    """Items come, go, change their order; some share guid, link, title or all of it."""
    first = xml(frame, earlier)
    later = [piece for piece in earlier if draw.random() < 0.7] + fresh
    draw.shuffle(later)
    second = xml(frame, later)
    try:
        seen = hashes(read(first, content_type=frame.content_type))
        whole = read(second, content_type=frame.content_type)
    except NotAFeed:
        return
    assert read(second, seen, frame.content_type) == without(whole, seen)
    some = frozenset(one for one in sorted(hashes(whole)) if draw.random() < 0.5)
    assert read(second, some, frame.content_type) == without(whole, some)
    for known in (seen, some):
        both_ways(second, known)
        both_ways(second, known, "utf-8")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 2000), st.sampled_from(KINDS))
def test_a_broken_document_reads_as_if_it_read_all(junk, at, kind):
    whole = xml(Frame(kind), NEWS)
    seen = hashes(read(whole))
    body = whole[: at % len(whole)] + junk + whole[at % len(whole) :]
    try:
        expected = read(body)
    except NotAFeed:
        return
    assert read(body, seen) == without(expected, seen)
    both_ways(body, seen)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_whole_corpus_reads_as_if_it_read_all():
    draw = random.Random(4)
    for path in sorted(CORPUS.glob("*")):
        body = path.read_bytes()
        try:
            whole = read(body)
        except NotAFeed:
            continue
        seen = frozenset(one for one in sorted(hashes(whole)) if draw.random() < 0.8)
        assert read(body, seen) == without(whole, seen), path.name
        both_ways(body, seen)
