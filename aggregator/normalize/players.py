"""Which page of another site an embedded player shows, and what a link to it says.

Of what many publishers embed the page for people is known. Of others only what plainly is a
player counts, by the words of its address: adverts, maps, forms, comments and charts are
embedded as well, and nobody misses them.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from aggregator.normalize.characters import repair
from aggregator.normalize.links import absolute
from aggregator.normalize.playerpages import embedded_for_others, page_of

LABELS = ("Video", "Audio", "Post", "Player")
"""With one of these, and a colon, begins what a link to something embedded says."""
_LONGEST_TITLE = 200
_PLAIN_HOST = re.compile(r"[\w.-]+")
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
# Of a file only its host is asked, and whether it sends adverts: the rest of an address may have any
# word of a title.
_ADVERTS = frozenset(["ads", "adverts", "advert", "advertising", "adserver", "adservice", "adservices", "adsystem", "doubleclick"])  # fmt: skip
_OF_ADVERTS = frozenset(["2mdn.net", "3lift.com", "adform.net", "adnxs.com", "adsafeprotected.com", "criteo.com", "criteo.net", "flashtalking.com", "fwmrm.net", "googlesyndication.com", "innovid.com", "moatads.com", "mgid.com", "openx.net", "outbrain.com", "plista.com", "primis.tech", "pubmatic.com", "revcontent.com", "rubiconproject.com", "serving-sys.com", "smartadserver.com", "springserve.com", "spotxchange.com", "taboola.com", "teads.tv", "tremorhub.com", "yieldmo.com", "zergnet.com"])  # fmt: skip
# What else has "embed" in its addresses: consent, counters, chats, letters, appointments, weather.
_NO_PLAYERS = frozenset(["acuityscheduling.com", "beehiiv.com", "brevo.com", "calendly.com", "convertkit.com", "cookiebot.com", "cookielaw.org", "crisp.chat", "hotjar.com", "hsforms.com", "hubspot.com", "intercom.io", "iubenda.com", "klaviyo.com", "kit.com", "leadpages.net", "lpcontent.net", "onetrust.com", "opinionstage.com", "pickaxe.co", "sendinblue.com", "sibforms.com", "tawk.to", "trustarc.com", "trustpilot.com", "usercentrics.eu", "windy.com", "zdassets.com", "zendesk.com"])  # fmt: skip
# Hosts with nothing but players, of whose addresses nobody can tell it.
_PLAYERS = {
    "content.jwplatform.com": "Video",
    "play.vidyard.com": "Video",
    "playlist.megaphone.fm": "Audio",
    "buzzsprout.com": "Audio",
}
# The same, unless the address says besides that something plays.
_WIDGETS = frozenset(["widget", "widgets", "button", "buttons", "plugin", "plugins", "like", "share", "chart", "charts", "visualisation", "visualization", "graphic", "graphics", "infographic", "table", "tables", "flourish", "infogram", "datawrapper", "tableau", "documentcloud", "document", "documents", "doc", "docs", "pdf", "scribd", "issuu", "slideshare", "slides", "presentation", "spreadsheets", "codepen", "jsfiddle", "codesandbox", "gist", "github", "airtable", "gallery", "timeline", "ticket", "tickets", "odds", "fixtures", "standings", "lineup", "lineups", "score", "scores", "players", "stats", "chat"])  # fmt: skip
# Where a page has the same address and "/embed" behind it, most are cards of a text (WordPress).
_SHOWS = frozenset(["episode", "episodes", "show", "shows", "clip", "clips"])
# A query that names what is shown.
_NAMES_THING = re.compile(
    r"[&?](?:urn|uri|guid|v|(?:media|video|audio|clip|episode|asset|entry|content)?_?id|video|media|clip|episode)=[^&]",
    re.IGNORECASE,
)

_Found = tuple[str, str]
"""(label, address)"""


class Player(Struct, frozen=True):
    """``address``: the page for people, or the player's own; ``words``: what a link there says."""

    address: str
    words: str


def recording(address: str, *, audio: bool, title: str = "") -> Player | None:
    """What is embedded as a file, at an absolute address; None for an advert."""
    if _serves_adverts(urlsplit(address).hostname or ""):
        return None
    return _named("Audio" if audio else "Video", address, title)


def player(address: str, title: str = "") -> Player | None:
    """The player at an absolute address of the web; None for what is none."""
    parts = urlsplit(address)
    host = _host(parts)
    if (told := embedded_for_others(host, parts)) is None:
        found = _found(address)
    else:
        found = _found_inside(told, address)
    return _named(*found, title) if found else None


def _found(address: str) -> _Found | None:
    parts = urlsplit(address)
    host = _host(parts)
    if found := page_of(host, parts):
        return found
    return (_kind(host, parts), address) if _plays(host, parts) else None


def _found_inside(told: tuple[str, str], base: str) -> _Found | None:
    """What a service shows on behalf of others: (player, page), as it is told."""
    inside, page = ((absolute(one, base) or "") if "//" in one else "" for one in told)
    # Which pages have a player in them, of platforms alone is known.
    if found := page_of(_host(urlsplit(page)), urlsplit(page)):
        return found
    # nh3 lets no address through with a host that is none, but has not seen this one.
    return _found(inside) if _PLAIN_HOST.fullmatch(urlsplit(inside).netloc) else None


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").removeprefix("www.").removeprefix("m.")


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
    """Whether an address is a player: by its host, or by its words."""
    if parts.path.strip("/") == "" and not parts.query:
        return False
    if host in _PLAYERS:
        return True
    words = _words(f"{host} {parts.path}")
    if words & _OTHERS or _serves_adverts(host) or _is_of(_NO_PLAYERS, host):
        return False
    if parts.path.lower().endswith(".swf"):
        # No program shows it any more.
        return False
    if words & _PLAYS or host.startswith("players."):
        return True
    segments = [one for one in parts.path.split("/") if one]
    if not words & _EMBEDS or words & _WIDGETS:
        return False
    # Where the path is that of a page, its query does not name what is shown.
    last = bool(segments) and segments[-1] in _EMBEDS
    return not last or bool(words & _SHOWS or _NAMES_THING.search(f"&{parts.query[:400]}"))


def _serves_adverts(host: str) -> bool:
    """Whether a host sends adverts. Its first names say so: "ad.nl" is a paper's own."""
    labels = host.split(".")
    return bool(_words(host) & _ADVERTS or "ad" in labels[:-2] or _is_of(_OF_ADVERTS, host))


def _is_of(domains: frozenset[str], host: str) -> bool:
    """Whether a host is of one of these domains."""
    labels = host.split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels) - 1))


def _kind(host: str, parts: SplitResult) -> str:
    words = _words(f"{host} {parts.path}")
    if host in _PLAYERS:
        return _PLAYERS[host]
    if words & _AUDIO:
        return "Audio"
    return "Video" if words & _VIDEO else "Player"
