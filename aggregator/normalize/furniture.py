"""What publishers' templates put around a text, in the words they use for it.

A short list for what is the same everywhere; what one publisher repeats is
learned from its own entries. A phrase counts only in a short block of its own,
or in a link at the very end: a paragraph that merely mentions cookies is text.
"""

from __future__ import annotations

import re

_DEEDS = "share|like|tweet|pin|email|print|save|copy link"
_NETWORKS = "facebook|twitter|x|whatsapp|linkedin|reddit|telegram|pinterest|pocket|messenger|bluesky|threads|mastodon|instagram|youtube"
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
    r"read more(?: (?:at|on|from|about|here|in)\b.{0,60}| ?: .{1,80})?", r"read on", r"continue reading(?:\b.{0,30}| ?[\"“«„‘'].{1,200}| (?:the |this |our )?(?:full |whole |original |entire |complete |rest of (?:the|this) )?(?:article|story|post|report|piece|interview|text)\b.{0,60}| (?:at|on|in|from|here|below)\b.{0,60})",
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
    r"(?:sign up|subscribe)\b.{0,60}\b(?:newsletters?|inbox|updates|alerts|emails|(?:our|your|my|the|an?|free|daily|weekly|morning|evening) e-?mail|e-?mail (?:list|address|digest))\b.{0,80}",
    r"(?:sign up|subscribe)\b.{0,60}\b(?:by|via) e-?mail(?: (?:here|now|today|daily|for free|(?:every|each) \w+))?", r"register\b.{0,60}\b(?:newsletters?|inbox|(?:e-?mail|news|free) (?:updates|alerts))\b.{0,80}",
    r"(?:suscr[íi]bete|inscr[íi]bete)\b.{0,100}", r"(?:abonnez-vous|inscrivez-vous)\b.{0,100}",
    r"(?:jetzt )?newsletter (?:abonnieren|bestellen)\b.{0,80}", r"iscriviti\b.{0,80}\bnewsletter\b.{0,60}",
    r"(?:share|tweet|email|print|comments?)(?: this)?(?: (?:article|story|post|on \w+|via \w+))?[.!]?",
    r"share this (?:article|story|post|page).{0,60}", r"(?:compartir|partager|teilen|condividi|partilhar|delen)(?: (?:en|sur|auf|su|em|op) .{1,40})?",
    r"follow (?:us|me|\S+ \S+) on (?:twitter|x|facebook|instagram|whatsapp|tiktok|youtube)\b.{0,80}",
    r"s[íi]guenos en\b.{0,80}", r"suivez-nous sur\b.{0,80}", r"folgen sie uns\b.{0,80}", r"seguici su\b.{0,80}", r"siga-nos\b.{0,80}",
    r"∞? ?permalink ?∞?|to read (?:this|the) .{1,40} in full\b.{0,60}|(?:if the formatting looks odd .{1,40}, )?visit the original (?:article|post)|reply (?:to this post|via e-?mail|by e-?mail)",
    r"artykuł .{1,200} pochodzi z serwisu\b.{0,80}",
    r"advertisement|publicidad|publicit[ée]|anzeige|werbung|pubblicit[àa]|publicidade|advertentie|annons|reklama?|реклама|広告|广告|광고",
    r"[\[(]?(?:ad|advertisement|sponsored|anzeige|werbung|publicidad|publicit[ée]|pubblicit[àa]|publicidade|advertentie|annons|reklama?|реклама|広告|广告|광고|pr)[\])].{0,200}",
    r"(?:advertisement|sponsored|gesponsert|sponsorisé|sponsorizzato|patrocinado|gesponsord) ?[:|] .{1,200}",
    # Sharing, following, subscribing in further languages
    rf"(?:{_DEEDS}|{_NETWORKS})(?:(?: | ?[|·•/-] ?)(?:{_DEEDS}|{_NETWORKS}))+", rf"(?:{_DEEDS})(?:(?: | ?[|·•,:/-] ?)(?:{_DEEDS}|{_NETWORKS}))+",
    r"(?:click to )?share (?:this )?(?:on|via|to|with) .{1,60}", r"(?:comparte|compartilhe|partagez|condividi|deel|dela|udostępnij|paylaş|поделиться|シェアする|分享)(?: (?:esto|esta noticia|isto|cet article|questo articolo|dit|artikeln|artykuł))?(?: (?:en|no|sur|su|op|på|w|в)\b.{1,40})?",
    r"(?:prenumerera|tilmeld dig|abonner|tilaa|zapisz się|zapisz|abone ol|подпи(?:шитесь|сывайтесь|ска)|підпи(?:шіться|суйтесь)|meld je aan|schrijf je in|melden sie sich|jetzt anmelden)\b.{0,40}\b(?:nyhetsbrev|nyhedsbrev|uutiskir\w*|newsletter\w*|bülten\w*|рассылк\w*|канал\w*|розсилк\w*|nieuwsbrief)\b.{0,80}",
    r"(?:メールマガジン|ニュースレター).{0,20}(?:登録|購読).{0,40}", r"(?:订阅|訂閱).{0,20}(?:通讯|電子報|新闻|邮件).{0,20}", r"뉴스레터 ?구독.{0,30}",
    # Onward in further languages
    r"läs (?:mer|hela artikeln|vidare)\b.{0,60}", r"læs (?:mere|hele artiklen|videre)\b.{0,60}", r"les (?:mer|hele saken|videre)\b.{0,60}", r"lue (?:lisää|koko juttu)\b.{0,60}",
    r"(?:číst|čtěte) (?:dále|více|celý článek)\b.{0,60}", r"citește (?:mai mult|mai departe|continuarea)\b.{0,60}", r"(?:tovább|bővebben|olvass tovább)\b.{0,60}", r"διαβάστε (?:περισσότερα|επίσης|ακόμ[αη]|αναλυτικά|εδώ|τη συνέχεια|όλο|ολόκληρο|το (?:πλήρες )?άρθρο)\b.{0,60}", r"συνέχεια(?: (?:της )?ανάγνωσης\b.{0,80}| του άρθρου| στο άρθρο| εδώ)?",
    r"читати (?:далі|повністю).*", r"baca (?:selengkapnya|juga|lebih lanjut)\b.{0,100}", r"(?:xem thêm|đọc tiếp)\b.{0,80}", r"(?:もっと読む|記事を読む|全文を読む|続きはこちら).*", r"(?:阅读全文|閱讀全文|阅读更多|查看全文|繼續閱讀|继续阅读).*", r"(?:더 ?보기|계속 ?읽기|자세히 ?보기|기사 ?전문).*", r"اقرأ (?:المزيد|أيضا|أيضًا).{0,80}", r"(?:ل|و)?المزيد(?: من (?:الأخبار|المقالات|التفاصيل|المعلومات))?", r"(?:पूरा पढ़ें|आगे पढ़ें|और पढ़ें).{0,60}",
    # Cookies and scripts
    r"(?:den här|denna) webbplats(?:en)? använder (?:cookies|kakor).*", r"(?:ta strona|serwis|strona) (?:używa|wykorzystuje) (?:plik[ió]w? )?cookies?.*", r"bu (?:web ?)?site(?:si)? çerez.*", r"(?:этот сайт|мы) использу(?:ет|ем).{0,30}(?:cookies?|куки).*",
    r"(?:please )?(?:enable|turn on) javascript\b.{0,120}", r"your browser does not support.{1,120}", r"(?:comments? (?:are )?(?:closed|off)|comments off on .{1,150}|no comments(?: yet)?|leave a (?:comment|reply))[.!]?",
    r"view (?:this post|on|in) (?:in your browser|instagram|twitter|x|tiktok|facebook|youtube)\b.{0,60}", r"a post shared by .{1,120}",
    r"(?:the )?(?:rss )?(?:feed )?(?:filed under|posted in|tagged(?: with)?|tags) ?: .{1,200}",
)  # fmt: skip
_FURNITURE = re.compile("(?:" + "|".join(_PHRASES) + ")", re.IGNORECASE | re.DOTALL)
# What may begin a sentence as well: only before a link, an arrow or dots.
_ONWARD = re.compile(
    rf"continue reading\b.*|(?:διαβάστε|συνέχεια) .{{0,80}}|المزيد.{{0,80}}|(?:{_NETWORKS})(?:,? ?(?:{_NETWORKS}))+",
    re.IGNORECASE | re.DOTALL,
)
_LEADS_ON = re.compile(r"(?:</a>(?:</[a-z]+>)*[\s.:)\]]*|[…»›→>]|\.\.)\s*$")
_LEADING = "…»›→>"
_LONGEST = 240
# No phrase is longer that says nothing, even where nothing else is said.
_BARE = 30
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


_RELATED = re.compile(
    r"(?:(?:related|recommended|suggested)(?: (?:posts?|articles?|stories|story|news|links?|content|topics|coverage))?"
    r"|more (?:stories|articles|posts|coverage|on this(?: story| topic)?|from .{1,40})|read (?:also|next|more)|also read|you (?:may|might) also (?:like|be interested in|enjoy)|don['’]t miss|most (?:read|popular)"
    r"|(?:lea|lee|leer|ver|vea|mira) también|te puede interesar|también te puede interesar|(?:noticias|art[íi]culos|notas|contenidos?) relacionad[oa]s|relacionad[oa]s?|más (?:noticias|información)"
    r"|(?:[àa] )?lire aussi|(?:[àa] )?voir aussi|sur le m[êe]me (?:sujet|th[èe]me)|articles? (?:li[ée]s|similaires|connexes)|pour aller plus loin|en savoir plus"
    r"|mehr zum thema|lesen sie auch|auch interessant|das k[öo]nnte sie (?:auch )?interessieren|[äa]hnliche (?:artikel|beitr[äa]ge)|weitere (?:artikel|themen|nachrichten)|siehe auch|zum thema"
    r"|leggi anche|potrebbe interessarti(?: anche)?|articoli (?:correlati|simili)|vedi anche|ti potrebbe interessare"
    r"|(?:leia|veja|confira|saiba) (?:tamb[ée]m|mais)|not[íi]cias relacionadas|artigos relacionados|lees (?:ook|meer)|gerelateerde? (?:artikelen|berichten)|meer over .{1,40}"
    r"|läs (?:också|även|mer)|læs også|les også|lue myös|czytaj (?:też|także|również)|zobacz (?:też|także|również)|powiązane|čtěte také|citește și|ilgili haberler|bunlar da ilginizi çekebilir"
    r"|читайте (?:также|ещё)|по теме|смотрите также|читайте також|関連(?:記事|リンク|ニュース)|あわせて読みたい|相关(?:阅读|文章|新闻|链接)|相關(?:閱讀|文章|新聞)|관련 ?(?:기사|뉴스)|اقرأ أيضا|مواضيع ذات صلة|baca juga)",
    re.IGNORECASE,
)  # fmt: skip


def introduces_links(text: str) -> bool:
    """Whether a line of its own says "Related articles", "Lire aussi": what follows is links."""
    short = text.strip(_ARROWS)
    return 0 < len(short) <= 60 and bool(_RELATED.fullmatch(short))


def is_furniture(text: str, inside: str = "") -> bool:
    """Whether a block of its own says nothing but "read on", "cookies", "subscribe".

    ``inside`` is the HTML of the block, where there is one.
    """
    short = text.strip(_ARROWS)
    if len(short) > _LONGEST:
        return False
    if not short or _FURNITURE.fullmatch(short):
        return True
    # How a block ends is the quickest to say, and most end in a word or one full stop.
    ending = (inside or text)[-8:].rstrip(" .:)]\n")
    if ending[-1:] not in _LEADING and not text.endswith(".."):
        return False
    return bool(_ONWARD.fullmatch(short) and _LEADS_ON.search(inside or text))


def is_bare(text: str) -> bool:
    """Whether furniture is so short that it is no text, even where there is no other."""
    return len(text.strip(_ARROWS)) <= _BARE


def without_last_link(inside: str) -> str:
    """A block's inside without a "continue reading" link at its very end."""
    found = _LAST_LINK.search(inside)
    if (
        found
        and found.start()
        and is_furniture(re.sub("<[^>]*>", "", found.group(1)), found.group(0))
    ):
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
