"""Which page of another site an embedded player shows, and what a link to it says.

Of what many publishers embed the page for people is known. Of others only what plainly is a
player counts, by the words of its address: adverts, maps, forms, comments and charts are
embedded as well, and nobody misses them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from msgspec import Struct

from aggregator.normalize.characters import repair

LABELS = ("Video", "Audio", "Post", "Player")
"""With one of these, and a colon, begins what a link to something embedded says."""
_LONGEST_TITLE = 200
_WORD = re.compile(r"[^\W\d_]+")
_WORD_OF_ADDRESS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# What programs write as a title; what is left without these words is what the publisher says.
_SAYS_NOTHING = frozenset(["a", "an", "the", "of", "from", "for", "in", "by", "with", "this", "html", "js", "iframe", "frame", "embed", "embedded", "embeds", "embedding", "content", "object", "media", "video", "videos", "audio", "player", "players", "post", "tweet", "status", "episode", "track", "playlist", "default", "untitled", "title", "none", "null", "undefined", "fb", "facebook", "instagram", "mastodon", "bluesky", "tiktok", "twitch", "twitter", "x", "youtube", "vimeo", "soundcloud", "spotify", "dailymotion", "podcast", "podcasts", "streamable", "jwplayer", "brightcove", "apple", "music", "widget"])  # fmt: skip
_BY_PROGRAMS = re.compile(r"Spotify Embed:\s*|(?:video|audio|post|player):\s+", re.IGNORECASE)
_AUDIO = frozenset(["audio", "audioplayer", "podcast", "podcasts", "podcastplayer"])
_VIDEO = frozenset(["video", "videos", "videoplayer", "videoembed"])
_PLAYS = (
    _AUDIO | _VIDEO | frozenset(["player", "playerembed", "embedplayer", "webplayer", "jwplayer"])
)
_EMBEDS = frozenset(["embed", "embeds", "embedded"])
# What else is embedded, by words of its address.
_OTHERS = frozenset(["ad", "ads", "adv", "advert", "adverts", "advertising", "adserver", "adsystem", "banner", "banners", "sponsor", "promo", "doubleclick", "analytics", "beacon", "pixel", "tracker", "tracking", "tag", "tags", "consent", "captcha", "recaptcha", "login", "signup", "subscribe", "subscription", "newsletter", "newsletters", "mailchimp", "substack", "comment", "comments", "disqus", "form", "forms", "typeform", "jotform", "survey", "poll", "polls", "quiz", "donate", "map", "maps", "calendar"])  # fmt: skip
# The same, unless the address says besides that something plays.
_WIDGETS = frozenset(["widget", "widgets", "button", "buttons", "plugin", "plugins", "like", "share", "chart", "charts", "visualisation", "visualization", "graphic", "graphics", "infographic", "table", "tables", "flourish", "infogram", "datawrapper", "tableau", "documentcloud", "document", "documents", "doc", "docs", "pdf", "scribd", "issuu", "slideshare", "slides", "presentation", "spreadsheets", "codepen", "jsfiddle", "codesandbox", "gist", "github", "airtable", "gallery", "timeline", "ticket", "tickets", "odds", "fixtures", "standings", "lineup", "lineups", "score", "scores", "players", "stats", "chat"])  # fmt: skip
# Where a page has the same address and "/embed" behind it, most are cards of a text (WordPress).
_SHOWS = frozenset(["episode", "episodes", "show", "shows", "clip", "clips"])

_Query = Mapping[str, str]
_Found = tuple[str, str]
"""(label, address)"""


class Player(Struct, frozen=True):
    """``address``: the page for people, or the player's own; ``words``: what a link there says."""

    address: str
    words: str


def recording(address: str, *, audio: bool, title: str = "") -> Player:
    """What is embedded as a file, at an absolute address."""
    return _named("Audio" if audio else "Video", address, title)


def player(address: str, title: str = "") -> Player | None:
    """The player at an absolute address of the web; None for what is none."""
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    found = _known(host, parts)
    if found is None and _plays(host, parts):
        found = _kind(_words(f"{host} {parts.path}")), address
    return _named(*found, title) if found else None


def _named(label: str, address: str, title: str) -> Player:
    said = _BY_PROGRAMS.sub("", " ".join(repair(title[: 2 * _LONGEST_TITLE]).split()), count=1)
    if len(said) > _LONGEST_TITLE or "://" in said or not _says_something(said):
        said = (urlsplit(address).hostname or "").removeprefix("www.")
    return Player(address, f"{label}: {said}")


def _says_something(title: str) -> bool:
    words = _WORD.findall(title.lower())
    return any(len(word) > 1 and word not in _SAYS_NOTHING for word in words)


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD_OF_ADDRESS.findall(text)}


def _plays(host: str, parts: SplitResult) -> bool:
    """Whether the words of an address say that it is a player."""
    words = _words(f"{host} {parts.path}")
    if words & _OTHERS or (parts.path.strip("/") == "" and not parts.query):
        return False
    if parts.path.lower().endswith(".swf"):
        # No program shows it any more.
        return False
    if words & _PLAYS or host.startswith("players."):
        return True
    segments = [one for one in parts.path.split("/") if one]
    if not words & _EMBEDS or words & _WIDGETS:
        return False
    last = bool(segments) and segments[-1] in _EMBEDS
    return not last or bool(words & _SHOWS)


def _kind(words: set[str]) -> str:
    if words & _AUDIO:
        return "Audio"
    return "Video" if words & _VIDEO else "Player"


def _known(host: str, parts: SplitResult) -> _Found | None:
    """Label and page of a player that is known."""
    page = _PAGES.get(host)
    query = dict(parse_qsl(parts.query[:4000]))
    if page is None:
        found = _POST_OF_MASTODON.fullmatch(parts.path)
        return ("Post", f"https://{parts.netloc}{found[1]}") if found else None
    label, find = page
    address = find(parts.path, query)
    return (label, address) if address else None


def _youtube(path: str, query: _Query) -> str:
    found = re.match(r"/(?:embed|v|shorts|live)/([\w-]{11})(?![\w-])", path, re.ASCII)
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
    old = query.get("clip_id", "")
    return f"https://vimeo.com/{old}" if re.fullmatch(r"\d+", old, re.ASCII) else ""


def _dailymotion(path: str, query: _Query) -> str:
    if path.startswith("/player"):
        kind = "video" if query.get("video") else "playlist"
        name = _name(query.get(kind, ""))
        return f"https://www.dailymotion.com/{kind}/{name}" if name else ""
    found = re.match(r"/(?:embed|swf)/(video|playlist)/(\w+)", path, re.ASCII)
    return f"https://www.dailymotion.com/{found[1]}/{found[2]}" if found else ""


def _spotify(path: str, query: _Query) -> str:
    found = re.match(
        r"/embed(?:-podcast)?/(track|album|playlist|episode|show|artist)/(\w+)", path, re.ASCII
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


def _instagram(path: str, query: _Query) -> str:
    found = re.match(r"/(p|reel|tv)/([\w-]+)/embed(?:/|$)", path, re.ASCII)
    return f"https://www.instagram.com/{found[1]}/{found[2]}/" if found else ""


def _tiktok(path: str, query: _Query) -> str:
    found = re.match(r"/(?:embed(?:/v[23])?|player/v1)/(\d+)", path, re.ASCII)
    # TikTok itself leads on from any name to that of the author.
    return f"https://www.tiktok.com/@_/video/{found[1]}" if found else ""


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
    "youtu.be": ("Video", _short_youtube),
    "player.vimeo.com": ("Video", _vimeo),
    "vimeo.com": ("Video", _vimeo),
    "dailymotion.com": ("Video", _dailymotion),
    "geo.dailymotion.com": ("Video", _dailymotion),
    "open.spotify.com": ("Audio", _spotify),
    "w.soundcloud.com": ("Audio", _soundcloud),
    "player.twitch.tv": ("Video", _twitch),
    "clips.twitch.tv": ("Video", _twitch_clip),
    "embed.bsky.app": ("Post", _bluesky),
    "platform.twitter.com": ("Post", _x),
    "platform.x.com": ("Post", _x),
    "instagram.com": ("Post", _instagram),
    "tiktok.com": ("Video", _tiktok),
    "facebook.com": ("Post", _facebook),
    "streamable.com": ("Video", _streamable),
    "embed.podcasts.apple.com": ("Audio", _apple),
}
