"""What is embedded leaves a link and its poster, and nothing else of an entry changes for it."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.feed import FeedIdentity
from aggregator.normalize import read
from aggregator.normalize.boilerplate import carried, without
from aggregator.normalize.cleaning import clean
from aggregator.normalize.players import player

BASE = "https://news.example/sport/1"
ID = "aB3_-fghijk"
YOUTUBE = f'<iframe src="https://www.youtube.com/embed/{ID}"></iframe>'
LINK = f'<figure><a href="https://www.youtube.com/watch?v={ID}">Video: youtube.com</a></figure>'


def html_of(source, summary="", title="Rovers v Elling"):
    return clean(title, summary, source, base=BASE).html


@pytest.mark.parametrize(
    ("address", "page", "words"),
    [
        ("https://www.youtube.com/embed/aB3_-fghijk?si=x&autoplay=1", "https://www.youtube.com/watch?v=aB3_-fghijk", "Video: youtube.com"),
        ("http://www.youtube-nocookie.com/embed/aB3_-fghijk", "https://www.youtube.com/watch?v=aB3_-fghijk", "Video: youtube.com"),
        ("https://www.youtube.com/v/aB3_-fghijk&hl=en", "https://www.youtube.com/watch?v=aB3_-fghijk", "Video: youtube.com"),
        ("https://youtu.be/aB3_-fghijk", "https://www.youtube.com/watch?v=aB3_-fghijk", "Video: youtube.com"),
        ("https://www.youtube.com/embed/videoseries?list=PLabc", "https://www.youtube.com/playlist?list=PLabc", "Video: youtube.com"),
        ("https://www.youtube.com/embed/aB3_-fghijk?list=PLabc", "https://www.youtube.com/watch?v=aB3_-fghijk&list=PLabc", "Video: youtube.com"),
        ("https://www.youtube.com/embed/live_stream?channel=UCabc", "https://www.youtube.com/channel/UCabc/live", "Video: youtube.com"),
        ("https://player.vimeo.com/video/123?dnt=1", "https://vimeo.com/123", "Video: vimeo.com"),
        ("https://player.vimeo.com/video/123?h=ab12", "https://vimeo.com/123/ab12", "Video: vimeo.com"),
        ("https://www.dailymotion.com/embed/video/x8?autoplay=1", "https://www.dailymotion.com/video/x8", "Video: dailymotion.com"),
        ("https://geo.dailymotion.com/player/xa.html?video=x8", "https://www.dailymotion.com/video/x8", "Video: dailymotion.com"),
        ("https://open.spotify.com/embed/episode/4a?utm_source=g", "https://open.spotify.com/episode/4a", "Audio: open.spotify.com"),
        ("https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/band/song&color=red", "https://soundcloud.com/band/song", "Audio: soundcloud.com"),
        ("https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1&color=red", "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F1", "Audio: w.soundcloud.com"),
        ("https://player.twitch.tv/?video=v12&parent=a.example", "https://www.twitch.tv/videos/12", "Video: twitch.tv"),
        ("https://player.twitch.tv/?channel=rovers", "https://www.twitch.tv/rovers", "Video: twitch.tv"),
        ("https://clips.twitch.tv/embed?clip=Goal-1", "https://clips.twitch.tv/Goal-1", "Video: clips.twitch.tv"),
        ("https://embed.bsky.app/embed/did:plc:ab/app.bsky.feed.post/3k?id=1", "https://bsky.app/profile/did:plc:ab/post/3k", "Post: bsky.app"),
        ("https://social.example/@rovers/112/embed", "https://social.example/@rovers/112", "Post: social.example"),
        ("https://platform.twitter.com/embed/Tweet.html?dnt=true&id=12", "https://x.com/i/status/12", "Post: x.com"),
        ("https://www.instagram.com/p/Ab-1/embed/captioned/?v=4", "https://www.instagram.com/p/Ab-1/", "Post: instagram.com"),
        ("https://www.tiktok.com/embed/v2/71", "https://www.tiktok.com/@_/video/71", "Video: tiktok.com"),
        ("https://streamable.com/e/ab1", "https://streamable.com/ab1", "Video: streamable.com"),
        ("https://player.radio.example/live/3", "https://player.radio.example/live/3", "Player: player.radio.example"),
        ("https://a.example/podcast/embed/9", "https://a.example/podcast/embed/9", "Audio: a.example"),
        ("https://a.example/videos/9/embed", "https://a.example/videos/9/embed", "Video: a.example"),
        ("https://www.youtube.com/e/aB3_-fghijk", "https://www.youtube.com/watch?v=aB3_-fghijk", "Video: youtube.com"),
        ("https://vimeo.com/showcase/12/embed", "https://vimeo.com/showcase/12", "Video: vimeo.com"),
        ("https://www.dailymotion.com/embed/?video=x8", "https://www.dailymotion.com/video/x8", "Video: dailymotion.com"),
        ("https://open.spotify.com/embed?uri=spotify:track:4a", "https://open.spotify.com/track/4a", "Audio: open.spotify.com"),
        ("https://embed.spotify.com/?uri=spotify%3Auser%3Aann%3Aplaylist%3A3i", "https://open.spotify.com/playlist/3i", "Audio: open.spotify.com"),
        ("https://open.spotify.com/embed/intl-de/track/4a", "https://open.spotify.com/track/4a", "Audio: open.spotify.com"),
        ("https://www.mixcloud.com/widget/iframe/?hide_cover=1&feed=%2Fband%2Fset%2F", "https://www.mixcloud.com/band/set/", "Audio: mixcloud.com"),
        ("https://widget.deezer.com/widget/dark/track/1", "https://www.deezer.com/track/1", "Audio: deezer.com"),
        ("https://share.transistor.fm/e/ab", "https://share.transistor.fm/s/ab", "Audio: share.transistor.fm"),
        ("https://www.instagram.com/rovers/reel/Ab-1/embed/", "https://www.instagram.com/reel/Ab-1/", "Post: instagram.com"),
        ("https://twitter.com/rovers/status/12?ref_src=x", "https://x.com/rovers/status/12", "Post: x.com"),
        ("https://content.jwplatform.com/players/Ab-1.html", "https://content.jwplatform.com/players/Ab-1.html", "Video: content.jwplatform.com"),
        ("https://playlist.megaphone.fm/?e=V1", "https://playlist.megaphone.fm/?e=V1", "Audio: playlist.megaphone.fm"),
        ("https://a.example/play/embed?urn=urn:a:video:1", "https://a.example/play/embed?urn=urn:a:video:1", "Player: a.example"),
        ("https://a.example/mini/embed/?theme=dark&mediaID=/a/1", "https://a.example/mini/embed/?theme=dark&mediaID=/a/1", "Player: a.example"),
        ("https://cdn.embedly.com/widgets/media.html?src=https%3A%2F%2Fwww.youtube.com%2Fembed%2FaB3_-fghijk&url=https%3A%2F%2Fnews.example%2F1&key=k", "https://www.youtube.com/watch?v=aB3_-fghijk", "Video: youtube.com"),
        ("https://cdn.embedly.com/widgets/media.html?src=%2F%2Fplayer.a.example%2F1", "https://player.a.example/1", "Player: player.a.example"),
        ("https://cdn.embedly.com/widgets/media.html?src=https%3A%2F%2Fw.soundcloud.com%2Fplayer%2F%3Furl%3Dx&url=https%3A%2F%2Fsoundcloud.com%2Fband%2Fsong", "https://soundcloud.com/band/song", "Audio: soundcloud.com"),
        ("https://cdn.iframe.ly/api/iframe?key=k&url=https%3A%2F%2Fwww.tiktok.com%2F%40rovers%2Fvideo%2F71", "https://www.tiktok.com/@rovers/video/71", "Video: tiktok.com"),
        ("https://a.example/EmbeddedPlayer/album=1", "https://a.example/EmbeddedPlayer/album=1", "Player: a.example"),
    ],
)  # fmt: skip
def test_a_player_leads_to_the_page_for_people(address, page, words):
    found = player(address)
    assert (found.address, found.words) == (page, words)


@pytest.mark.parametrize(
    "address",
    [
        "https://ads.example/embed/1", "https://a.example/ad/video/1", "https://ad.doubleclick.net/embed/x",
        "https://www.google.com/maps/embed?pb=1", "https://forms.example/embed/1", "https://a.example/embed/comments/",
        "https://a.substack.com/embed", "https://charts.example/embed/12", "https://a.example/visualisation/1/embed",
        "https://a.example/players/9/embed", "https://a.example/another-article/embed/", "https://player.example/",
        "https://a.example/page", "https://www.facebook.com/plugins/like.php?href=x", "https://www.youtube.com/subscribe_embed",
        "https://a.example/another-article/embed/?lang=de", "https://a.example/another-article/embed/#?secret=Ab1", "https://a.example/embed?url=",
        "https://cdn.embedly.com/widgets/media.html?src=https%3A%2F%2Fnews.example%2F1&url=https%3A%2F%2Fnews.example%2Fvideo-1",
        "https://cdn.embedly.com/widgets/card.html?url=https%3A%2F%2Fyoutu.be%2FaB3_-fghijk", "https://cdn.embedly.com/widgets/media.html?src=video/1",
        "https://cdn.embedly.com/widgets/media.html?src=https%3A%2F%2F%2500player.example%2F1", "https://cdn.embedly.com/widgets/media.html?src=https%3A%2F%2Fa%3A99999%2Fplayer",
        "https://cdn.embedly.com/widgets/media.html?src=javascript%3Aplayer", "https://cdn.iframe.ly/api/iframe?url=https%3A%2F%2Fnews.example%2Fvideo-1",
        "https://www.mixcloud.com/widget/follow/?u=%2Fband%2F", "https://content.jwplatform.com/", "https://soundcloud.com/band",
        "https://vars.hotjar.com/box-embed.html", "https://consentcdn.cookiebot.com/embed/x", "https://embed.tawk.to/a/default",
        "https://embeds.beehiiv.com/1", "https://players.plista.com/x", "https://ads.a.example/embed/1", "https://ad.a.example/embed/1",
        "https://a.example/video/old.swf", "https://www.googletagmanager.com/ns.html?id=1", "https://a.example/widget/embed/1",
    ],
)  # fmt: skip
def test_what_is_no_player_stays_left_out(address):
    assert player(address) is None
    assert html_of(f'<p>Text.</p><iframe src="{address}"></iframe>') == "<p>Text.</p>"


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Goal by Torres", "Video: Goal by Torres"), ("YouTube video player", "Video: youtube.com"), ("", "Video: youtube.com"),
        ("  vimeo-player 1 ", "Video: youtube.com"), ("Video: the goal", "Video: the goal"), ("https://a.example/x y", "Video: youtube.com"),
        ("Rovers &lt;b&gt; &quot;live&quot;", 'Video: Rovers &lt;b&gt; "live"'), ("word " * 60, "Video: youtube.com"),
        ("ローバーズ", "Video: ローバーズ"),
    ],
)  # fmt: skip
def test_a_link_says_what_the_title_says_if_it_says_something(title, words):
    found = html_of(YOUTUBE.replace("<iframe", f'<iframe title="{title}"'))
    assert found == LINK.replace("Video: youtube.com", words)


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        (YOUTUBE, LINK),
        (YOUTUBE.replace("https:", ""), LINK),
        (YOUTUBE.replace("src=", "src='about:blank' data-src-cmplz="), LINK),
        (YOUTUBE.replace("src=", "data-litespeed-src="), LINK),
        (YOUTUBE.replace("src=", "data-cookieblock-src="), LINK),
        (YOUTUBE.replace("src=", "consent-original-src-_="), LINK),
        (YOUTUBE.replace("src=", "data-seen-src="), ""),
        (f'<iframe src="about:blank" data-src="https://www.youtube.com/embed/{ID}"></iframe>', LINK),
        ('<p>One.</p><video src="/v/goal.mp4" poster="/p.jpg"></video><p>Two.</p>', '<p>One.</p><figure><img src="https://news.example/p.jpg" alt=""><a href="https://news.example/v/goal.mp4">Video: news.example</a></figure><p>Two.</p>'),
        ("<VIDEO controls><source type=video/mp4 src='/v.mp4' /><source src=/v.webm></VIDEO>", '<figure><a href="https://news.example/v.mp4">Video: news.example</a></figure>'),
        ('<p>Listen: <audio src="/p.mp3"></audio> and read.</p>', '<p>Listen: and read.</p><figure><a href="https://news.example/p.mp3">Audio: news.example</a></figure>'),
        ('<audio><source src="https://a.example/1.mp3?_=1"><a href="https://a.example/1.mp3">One</a></audio>', '<p><a href="https://a.example/1.mp3">One</a></p>'),
        ('<p><a href="https://a.example/play.mp3?t=9&amp;id=5">One</a></p><audio src="https://a.example/play.mp3?id=5&_=1"></audio>', '<p><a href="https://a.example/play.mp3?t=9&amp;id=5">One</a></p>'),
        ('<p><a href="https://a.example/play.mp3?id=5">One</a></p><audio src="https://a.example/play.mp3?id=6"></audio>', '<p><a href="https://a.example/play.mp3?id=5">One</a></p><figure><a href="https://a.example/play.mp3?id=6">Audio: a.example</a></figure>'),
        (f'<object><param name="movie" value="https://www.youtube.com/v/{ID}&amp;hl=en"></object>', LINK),
        (f"<object><param name=wmode value=x><embed src='https://www.youtube.com/v/{ID}'></object>", LINK),
        (f"<embed src=https://www.youtube.com/v/{ID}>", LINK),
        (f"<p>Twice.</p>{YOUTUBE}{YOUTUBE}", f"<p>Twice.</p>{LINK}"),
        (f"<blockquote><p>Said.</p>{YOUTUBE}</blockquote>", f"<blockquote><p>Said.</p>{LINK}</blockquote>"),
        (f"<ol><li>One.</li><li>{YOUTUBE}<p>Two.</p></li></ol>", f'<ol><li>One.</li></ol>{LINK}<ol start="2"><li>Two.</li></ol>'),
        (f"<table><tr><th>Goal</th><td>1 {YOUTUBE}</td></tr></table>After.", f"<table><tbody><tr><th>Goal</th><td>1 </td></tr></tbody></table>{LINK}<p>After.</p>"),
        (f'<p>One.</p><div class="advert">{YOUTUBE}</div>', "<p>One.</p>"),
        ('<p>One.</p><iframe width="1" height="1" src="https://player.example/1"></iframe>', "<p>One.</p>"),
        (f"<p>One.</p><!-- {YOUTUBE} --><script>'{YOUTUBE}'</script>", "<p>One.</p>"),
        ("<p>One.</p><video src='javascript:x'></video><audio src='data:audio/mp3,x'></audio><video></video>", "<p>One.</p>"),
        ("<p>One.</p><video src='https://pixel.wp.com/v.mp4'></video>", "<p>One.</p>"),
        ("<p>One.</p><video src='https://ads.a.example/v.mp4' poster='https://ads.a.example/p.jpg'></video>", "<p>One.</p>"),
        ("<p>One.</p><video><source src='https://cdn.taboola.com/v.mp4'></video><audio src='https://ad.a.example/1.mp3'></audio>", "<p>One.</p>"),
        ("<video src='https://maps.a.example/tag-der-arbeit/ads/v.mp4'></video>", '<figure><a href="https://maps.a.example/tag-der-arbeit/ads/v.mp4">Video: maps.a.example</a></figure>'),
        ("<audio src='https://api.substack.com/ad/1.mp3'></audio>", '<figure><a href="https://api.substack.com/ad/1.mp3">Audio: api.substack.com</a></figure>'),
        ("<audio src='https://ad-hoc.example/1.mp3'></audio>", '<figure><a href="https://ad-hoc.example/1.mp3">Audio: ad-hoc.example</a></figure>'),
        ("<audio src='https://ad.example/1.mp3'></audio>", '<figure><a href="https://ad.example/1.mp3">Audio: ad.example</a></figure>'),
        ('<p>The &lt;video src="x"&gt; element</p>', '<p>The &lt;video src="x"&gt; element</p>'),
        ("<p>One.</p><video src='/v.mp4' poster='https://pixel.wp.com/p.gif'></video>", '<p>One.</p><figure><a href="https://news.example/v.mp4">Video: news.example</a></figure>'),
    ],
)  # fmt: skip
def test_what_is_embedded_leaves_a_link(source, cleaned):
    assert html_of(source) == cleaned
    assert html_of(cleaned) == cleaned


def test_beside_a_summary_it_is_added_and_the_poster_is_the_entrys_image():
    found = clean("A", "<p>The goal.</p>", "<video src=/v.mp4 poster=/p.jpg></video>", base=BASE)
    assert (found.text, found.summary) == ("The goal.", "The goal.")
    assert found.html.startswith("<p>The goal.</p><figure><img ")
    assert found.image == "https://news.example/p.jpg"


def test_only_so_many_are_looked_at():
    many = "".join(f"<video src=/{n}.mp4></video>" for n in range(3000))
    found = html_of(many)
    assert found.count("<a href=") == 100
    assert html_of(found) == found


EMBEDS = [YOUTUBE, "<video src=/v.mp4 poster=/p.jpg></video>", "<audio src=/a.mp3></audio>"]
PIECES = [
    "<p>", "</p>", "A first sentence of it. ", "A second one, that is longer. ", "<br>", "<h3>Related</h3>", "Soccer", "<ul><li>",
    "<li>", "</ul>", "<figure>", "<img src=/x>", "<figcaption>", "</figure>", "<a href=https://b.example/1>Elsewhere</a>",
    "<p>Read more</p>", "<div class='share-bar'>", "<div style='display:none'>", "</div>", "<blockquote>", "<table><tr><td>",
    "<table><tr><th>Team<td>", "</table>", "<p>Rovers v Elling</p>", "5 comments",
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES + EMBEDS), max_size=14), st.sampled_from(["", "A teaser."]))
def test_nothing_that_a_revision_is_made_of_changes(pieces, summary):
    # What ends so is HTML in either form.
    pieces = [*pieces, "<hr>"]
    new = clean("Rovers v Elling", summary, "".join(pieces), base=BASE)
    kept = [one for one in pieces if one not in EMBEDS]
    old = clean("Rovers v Elling", summary, "".join(kept), base=BASE)
    for name in ("summary", "text", "key", "lasting", "lasting_summary", "sections"):
        assert getattr(new, name) == getattr(old, name)
    assert re.findall("<p>|<li>|<h3>", new.html) == re.findall("<p>|<li>|<h3>", old.html)


def test_another_address_is_no_edit():
    def fingerprint(content):
        item = f"<item><guid>1</guid><title>Goals</title><description><![CDATA[{content}]]></description></item>"
        body = f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>".encode()
        document = read(
            body, content_type="application/xml", url="https://news.example/rss", feed=FeedIdentity("news.example/rss"),
            seen=frozenset(), now=datetime(2026, 11, 2, tzinfo=UTC), max_entries=9,
        )  # fmt: skip
        return document.entries[0].fingerprint

    for text in ("", "<p>The text.</p>"):
        told = {fingerprint(f"{text}{one}") for one in (*EMBEDS, YOUTUBE.replace(ID, f"{ID}?si=1"))}
        assert told == {fingerprint(text)}


def test_each_is_learned_by_its_own_address():
    def embedded(name):
        found = clean("T", "", f"<p>Some text.</p>{YOUTUBE.replace(ID, name)}", base=BASE)
        return found, carried(found, None)[-1]

    first, again, other = embedded("aaaaaaaaaaa"), embedded("aaaaaaaaaaa"), embedded("bbbbbbbbbbb")
    assert first[1] == again[1] != other[1]
    shown = without("T", first[0].blocks, "", None, {first[1]: "https://x.example/"})
    assert (shown.html, shown.text) == ("<p>Some text.</p>", "Some text.")
    alone = clean("T", "", YOUTUBE, base=BASE)
    assert without("T", alone.blocks, "", None, {carried(alone, None)[0]: ""}).html == LINK
