"""What publishers' templates put around a text, in the words they use for it.

A short list for what is the same everywhere; what one publisher repeats is
learned from its own entries. A phrase counts only in a short block of its own,
or in a link at the very end: a paragraph that merely mentions cookies is text.
"""

from __future__ import annotations

import re

_PHRASES = (
    # Cookie notices
    r"this (?:web)?site uses cookies.*", r"we use cookies.*", r"by continuing to (?:use|browse) this.*",
    r"(?:esta|este) (?:web|sitio|p[áa]gina).{0,20} (?:utiliza|usa) cookies.*", r"utilizamos cookies.*",
    r"ce site utilise des cookies.*", r"nous utilisons des cookies.*",
    r"diese (?:web)?seite (?:verwendet|nutzt|benutzt) cookies.*", r"wir verwenden cookies.*",
    r"questo sito (?:utilizza|usa) (?:i )?cookie.*", r"este site (?:utiliza|usa) cookies.*",
    r"deze (?:web)?site (?:gebruikt|maakt gebruik van) cookies.*", r"このサイトは.{0,10}cookie.*",
    # Onward to the source
    r"read (?:the )?(?:news |original )?source(?: link)?", r"(?:view |original )?source(?: link| article)?(?: ?: ?\S+)?",
    r"read (?:the )?(?:original|full|whole|rest of (?:the|this)|entire|complete) (?:article|story|post|piece|report|interview|news|text)\b.{0,60}",
    r"read more(?: (?:at|on|from|about|here|in)\b.{0,60}| ?: .{1,80})?", r"read on", r"continue reading\b.*",
    r"view (?:the )?(?:original|full) (?:article|post|story).*", r"click here (?:to|for)\b.{0,80}",
    r"keep reading\b.{0,60}", r"(?:the )?full story(?: here)?",
    r"this (?:article|story|post) (?:was )?(?:first|originally) (?:appeared|published)\b.{1,100}",
    r"(?:leer|lee|ver) (?:m[áa]s|la noticia|el art[íi]culo)(?: (?:completa?|en|sobre|aqu[íi])\b.{0,60}| ?: .{1,80})?", r"seguir leyendo\b.{0,60}", r"sigue leyendo\b.{0,60}",
    r"lire (?:la suite|l['’]article|plus|aussi)\b.{0,80}", r"(?:hier )?weiterlesen\b.{0,60}", r"mehr (?:lesen|dazu|erfahren)\b.{0,60}", r"zum (?:ganzen )?artikel\b.{0,60}",
    r"(?:continua a leggere|continua la lettura|leggi (?:tutto|anche|di più|l['’]articolo))\b.{0,80}", r"continua",
    r"(?:continue lendo|leia (?:mais|tamb[ée]m|a mat[ée]ria|o artigo)|ler mais)\b.{0,80}", r"lees (?:verder|meer|ook)\b.{0,80}",
    r"続きを読む.*", r"читать (?:далее|полностью).*", r"czytaj (?:dalej|więcej).*", r"devamını oku.*",
    r"(?:the post|l['’]article|la entrada|der beitrag|l['’]articolo|o post|het bericht) .{1,300} (?:appeared first on|est apparu en premier sur|se publicó primero en|erschien zuerst auf|proviene da|apareceu primeiro em|verscheen eerst op)\b.*",
    # Letters, sharing, following
    r"(?:sign up|subscribe|register)\b.{0,60}\b(?:newsletter|email|e-mail|inbox|updates|alerts)\b.{0,80}",
    r"(?:suscr[íi]bete|inscr[íi]bete)\b.{0,100}", r"(?:abonnez-vous|inscrivez-vous)\b.{0,100}",
    r"(?:jetzt )?newsletter (?:abonnieren|bestellen)\b.{0,80}", r"iscriviti\b.{0,80}\bnewsletter\b.{0,60}",
    r"(?:share|tweet|email|print|comments?)(?: this)?(?: (?:article|story|post|on \w+|via \w+))?[.!]?",
    r"share this (?:article|story|post|page).{0,60}", r"(?:compartir|partager|teilen|condividi|partilhar|delen)(?: (?:en|sur|auf|su|em|op) .{1,40})?",
    r"follow (?:us|me|\S+ \S+) on (?:twitter|x|facebook|instagram|whatsapp|tiktok|youtube)\b.{0,80}",
    r"s[íi]guenos en\b.{0,80}", r"suivez-nous sur\b.{0,80}", r"folgen sie uns\b.{0,80}", r"seguici su\b.{0,80}", r"siga-nos\b.{0,80}",
    r"advertisement|publicidad|publicit[ée]|anzeige|werbung|pubblicit[àa]|publicidade|advertentie",
)  # fmt: skip
_FURNITURE = re.compile("(?:" + "|".join(_PHRASES) + ")", re.IGNORECASE | re.DOTALL)
_LONGEST = 240
_LAST_LINK = re.compile(r"\s*<a href=\"[^\"]*\">((?:(?!</?a\b).)*)</a>[\s.…»›→]*$", re.DOTALL)
_ARROWS = " \t.…»›→>|[]()-–—:"

# Section labels that stand alone above a headline.
_SECTIONS = frozenset(
    [
        "soccer",
        "football",
        "fútbol",
        "futbol",
        "fußball",
        "fussball",
        "calcio",
        "futebol",
        "voetbal",
        "サッカー",
        "tennis",
        "tenis",
        "ténis",
        "basketball",
        "baloncesto",
        "basket",
        "rugby",
        "cricket",
        "golf",
        "boxing",
        "boxeo",
        "f1",
        "formula",
        "motogp",
        "cycling",
        "ciclismo",
        "cyclisme",
        "wielrennen",
        "radsport",
        "athletics",
        "atletismo",
        "leichtathletik",
        "nfl",
        "nba",
        "mlb",
        "nhl",
        "wnba",
        "sport",
        "sports",
        "deportes",
        "deporte",
        "esportes",
        "esporte",
        "hockey",
        "handball",
        "balonmano",
        "volleyball",
        "baseball",
        "swimming",
        "news",
        "noticias",
        "nachrichten",
        "actualité",
        "opinion",
        "opinión",
        "transfers",
        "mercato",
    ]
)


def is_furniture(text: str) -> bool:
    """Whether a block of its own says nothing but "read on", "cookies", "subscribe"."""
    short = text.strip(_ARROWS)
    return len(short) <= _LONGEST and (not short or bool(_FURNITURE.fullmatch(short)))


def without_last_link(inside: str) -> str:
    """A block's inside without a "continue reading" link at its very end."""
    found = _LAST_LINK.search(inside)
    if found and found.start() and is_furniture(re.sub("<[^>]*>", "", found.group(1))):
        return _without_loose_end(inside[: found.start()])
    return inside


def _without_loose_end(inside: str) -> str:
    """Without the dots, bracket or line break that led over to a link that is gone."""
    shorter = inside.rstrip(" …[(").removesuffix("<br>")
    while shorter != inside:
        inside = shorter
        shorter = inside.rstrip(" …[(").removesuffix("<br>")
    return inside


def is_section(text: str) -> bool:
    """Whether a line is the name of a section, such as Soccer."""
    return text.strip(_ARROWS).casefold() in _SECTIONS
