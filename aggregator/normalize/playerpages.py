"""The pages for people of the platforms whose players are embedded most."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, parse_qsl, quote

_Query = Mapping[str, str]
_Found = tuple[str, str]
"""(label, address)"""
# More of an address is not read.
_LONGEST_QUERY = 4000


def page_of(host: str, parts: SplitResult) -> _Found | None:
    """Label and page of a player that is known, ``host`` without "www."."""
    page = _PAGES.get(host)
    if page is None:
        found = _POST_OF_MASTODON.fullmatch(parts.path)
        return ("Post", f"https://{parts.netloc}{found[1]}") if found else None
    label, find = page
    address = find(parts.path, _query(parts))
    return (label, address) if address else None


def embedded_for_others(host: str, parts: SplitResult) -> tuple[str, str] | None:
    """(player, page) of what a service shows on behalf of other sites, each "" where it is not told;
    None of any other address, and of what such a service makes itself: cards of articles."""
    if parts.path != _FOR_OTHERS.get(host):
        return None
    query = _query(parts)
    return query.get("src", ""), query.get("url", "")


def _query(parts: SplitResult) -> _Query:
    return dict(parse_qsl(parts.query[:_LONGEST_QUERY]))


def _youtube(path: str, query: _Query) -> str:
    found = re.match(r"/(?:embed|v|e|shorts|live)/+([\w-]{11})(?![\w-])", path, re.ASCII)
    name = found[1] if found and found[1] != "videoseries" else query.get("v", "")
    several = _name(query.get("list", ""))
    if found and found[1] == "live_stream":
        name = ""
    if re.fullmatch(r"[\w-]{11}", name, re.ASCII) and name != "live_stream":
        behind = f"&list={several}" if several else ""
        return f"https://www.youtube.com/watch?v={name}{behind}"
    if channel := _name(query.get("channel", "")):
        return f"https://www.youtube.com/channel/{channel}/live"
    embeds = path.startswith("/embed")
    embeds &= query.get("listType", "playlist") == "playlist"
    return f"https://www.youtube.com/playlist?list={several}" if embeds and several else ""


def _short_youtube(path: str, query: _Query) -> str:
    return _youtube(f"/embed{path}", query)


def _vimeo(path: str, query: _Query) -> str:
    if found := re.match(r"/(?:video/|event/)?(\d+)(?:/|$)", path, re.ASCII):
        place = f"event/{found[1]}" if path.startswith("/event/") else found[1]
        # Without it an unlisted video is not found.
        hidden = _name(query.get("h", ""))
        return f"https://vimeo.com/{place}{f'/{hidden}' if hidden else ''}"
    if found := re.fullmatch(r"/showcase/(\d+)(?:/embed2?)?/?", path, re.ASCII):
        return f"https://vimeo.com/showcase/{found[1]}"
    old = query.get("clip_id", "")
    return f"https://vimeo.com/{old}" if re.fullmatch(r"\d+", old, re.ASCII) else ""


def _dailymotion(path: str, query: _Query) -> str:
    if path.startswith("/player") or path.strip("/") == "embed":
        kind = "video" if query.get("video") else "playlist"
        name = _name(query.get(kind, ""))
        return f"https://www.dailymotion.com/{kind}/{name}" if name else ""
    found = re.match(r"/(?:embed/|swf/)?(video|playlist)/(\w+)", path, re.ASCII)
    return f"https://www.dailymotion.com/{found[1]}/{found[2]}" if found else ""


def _spotify(path: str, query: _Query) -> str:
    # "spotify:track:4a", which stands in the query, means the same as the path.
    uri = query.get("uri", "")
    place = uri.removeprefix("spotify").replace(":", "/") if uri.startswith("spotify:") else path
    found = re.match(
        r"(?:/embed(?:-podcast)?)?(?:/intl-\w+|/user/[\w.%-]+)?/(track|album|playlist|episode|show|artist)/(\w+)",
        place,
        re.ASCII,
    )
    return f"https://open.spotify.com/{found[1]}/{found[2]}" if found else ""


def _soundcloud(path: str, query: _Query) -> str:
    if not path.startswith("/player"):
        return ""
    url = query.get("url", "")
    of_people = re.match(r"https?://(?:www\.|m\.)?soundcloud\.com(/[\w./-]+)", url, re.ASCII)
    if of_people:
        return f"https://soundcloud.com{of_people[1]}"
    # Of a number nobody can tell the page; the player can be opened.
    known = re.match(r"https?://api\.soundcloud\.com/[\w/.:%-]+", url, re.ASCII)
    return f"https://w.soundcloud.com/player/?url={quote(url, safe='')}" if known else ""


def _song(path: str, query: _Query) -> str:
    found = re.fullmatch(r"/[\w-]+/(?:sets/)?[\w-]+/?", path, re.ASCII)
    return f"https://soundcloud.com{found[0]}" if found else ""


def _mixcloud(path: str, query: _Query) -> str:
    if not path.startswith("/widget/iframe"):
        return ""
    feed = query.get("feed", "")
    found = re.fullmatch(r"(?:https?://(?:www\.)?mixcloud\.com)?(/[\w%./-]+)", feed, re.ASCII)
    return f"https://www.mixcloud.com{found[1]}" if found else ""


def _deezer(path: str, query: _Query) -> str:
    found = re.match(r"/widget/\w+/(track|album|playlist|episode|show)/(\d+)", path, re.ASCII)
    return f"https://www.deezer.com/{found[1]}/{found[2]}" if found else ""


def _transistor(path: str, query: _Query) -> str:
    found = re.match(r"/e/([\w-]+)", path, re.ASCII)
    return f"https://share.transistor.fm/s/{found[1]}" if found else ""


def _twitch(path: str, query: _Query) -> str:
    for name, place in (("video", "videos/"), ("collection", "collections/"), ("channel", "")):
        if told := _name(query.get(name, "")):
            told = told.removeprefix("v") if name == "video" else told
            return f"https://www.twitch.tv/{place}{told}"
    return ""


def _twitch_clip(path: str, query: _Query) -> str:
    clip = _name(query.get("clip", "")) if path.startswith("/embed") else ""
    return f"https://clips.twitch.tv/{clip}" if clip else ""


def _bluesky(path: str, query: _Query) -> str:
    found = re.match(r"/embed/(did:[a-z]+:[\w.:-]+)/app\.bsky\.feed\.post/(\w+)", path, re.ASCII)
    return f"https://bsky.app/profile/{found[1]}/post/{found[2]}" if found else ""


def _x(path: str, query: _Query) -> str:
    name = query.get("id", "") if path.startswith("/embed") else ""
    return f"https://x.com/i/status/{name}" if re.fullmatch(r"\d+", name, re.ASCII) else ""


def _status(path: str, query: _Query) -> str:
    found = re.match(r"/(?:i/videos/tweet|(\w+)/status(?:es)?)/(\d+)", path, re.ASCII)
    return f"https://x.com/{found[1] or 'i'}/status/{found[2]}" if found else ""


def _instagram(path: str, query: _Query) -> str:
    # The name of whose it is may stand before.
    found = re.match(r"(?:/[\w.]+)?/(p|reel|tv)/([\w-]+)(?:/embed)?(?:/|$)", path, re.ASCII)
    return f"https://www.instagram.com/{found[1]}/{found[2]}/" if found else ""


def _tiktok(path: str, query: _Query) -> str:
    found = re.match(r"/(?:embed(?:/v[23])?|player/v1|(@[\w.]+)/video)/(\d+)", path, re.ASCII)
    # TikTok itself leads on from any name to that of the author.
    return f"https://www.tiktok.com/{found[1] or '@_'}/video/{found[2]}" if found else ""


def _facebook(path: str, query: _Query) -> str:
    """Only videos and posts are embedded by such an address; the rest are buttons."""
    if not re.match(r"/plugins/(?:video|post)\.php", path):
        return ""
    url = query.get("href", "")
    found = re.match(r"https?://(?:www\.|m\.)?facebook\.com/[\w./?=&%-]+", url, re.ASCII)
    return found[0] if found else ""


def _streamable(path: str, query: _Query) -> str:
    found = re.match(r"/[eos]/(\w+)", path, re.ASCII)
    return f"https://streamable.com/{found[1]}" if found else ""


def _apple(path: str, query: _Query) -> str:
    if not re.fullmatch(r"/[\w%./-]+", path, re.ASCII):
        return ""
    episode = query.get("i", "")
    behind = f"?i={episode}" if re.fullmatch(r"\d+", episode, re.ASCII) else ""
    return f"https://podcasts.apple.com{path}{behind}"


def _name(written: str) -> str:
    """What is the name of a thing; "" of anything else."""
    return written if re.fullmatch(r"[\w-]{1,200}", written, re.ASCII) else ""


_POST_OF_MASTODON = re.compile(
    r"((?:/@[\w.-]+(?:@[\w.-]+)?|/users/[\w.-]+/statuses)/\d+)/embed/?", re.ASCII
)
_PAGES: Mapping[str, tuple[str, Callable[[str, _Query], str]]] = {
    "youtube.com": ("Video", _youtube),
    "youtube-nocookie.com": ("Video", _youtube),
    "youtube.googleapis.com": ("Video", _youtube),
    "youtu.be": ("Video", _short_youtube),
    "player.vimeo.com": ("Video", _vimeo),
    "vimeo.com": ("Video", _vimeo),
    "dailymotion.com": ("Video", _dailymotion),
    "geo.dailymotion.com": ("Video", _dailymotion),
    "open.spotify.com": ("Audio", _spotify),
    "embed.spotify.com": ("Audio", _spotify),
    "w.soundcloud.com": ("Audio", _soundcloud),
    "soundcloud.com": ("Audio", _song),
    "mixcloud.com": ("Audio", _mixcloud),
    "player-widget.mixcloud.com": ("Audio", _mixcloud),
    "widget.deezer.com": ("Audio", _deezer),
    "share.transistor.fm": ("Audio", _transistor),
    "player.twitch.tv": ("Video", _twitch),
    "clips.twitch.tv": ("Video", _twitch_clip),
    "embed.bsky.app": ("Post", _bluesky),
    "platform.twitter.com": ("Post", _x),
    "platform.x.com": ("Post", _x),
    "twitter.com": ("Post", _status),
    "x.com": ("Post", _status),
    "instagram.com": ("Post", _instagram),
    "tiktok.com": ("Video", _tiktok),
    "facebook.com": ("Post", _facebook),
    "streamable.com": ("Video", _streamable),
    "embed.podcasts.apple.com": ("Audio", _apple),
}
# Which of a service's addresses show what another site has.
_FOR_OTHERS = {"cdn.embedly.com": "/widgets/media.html", "cdn.iframe.ly": "/api/iframe"}
