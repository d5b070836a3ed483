"""The words of publishers' templates, in over twenty languages; ``furniture`` tells where they count."""

from __future__ import annotations

import re

_NETWORKS = "facebook|twitter|x|whatsapp|linkedin|reddit|telegram|pinterest|pocket|messenger|bluesky|threads|mastodon|instagram|youtube|tiktok"
_DEEDS = "share|like|tweet|pin|email|print|save|copy link"
# As long as a clause goes on: behind its end anything may be spoken of.
_GAP = "[^.,:;!?…]"
# Where something is shared, and nothing else: what is shared there may be what a law forbids.
_NETWORK = rf"(?:{_NETWORKS}|e-?mail|(?:(?:tus|sus|nuestras|les|vos|as|suas|your|the) )?(?:redes|réseaux|social[aei]?)(?: (?:sociales|sociaux|sociais|networks?|media|medier))?)\b"
_PLACES = rf"{_NETWORK}(?:(?: ?[,/|·•&] ?| )(?:(?:and|or|y|o|et|ou|und|oder|och|en|i|и|share (?:on|to|via)) )?(?:{_NETWORK}|more|others))*(?: \(opens in .{{1,30}})?"
_SOCIAL = rf"(?={_GAP}{{0,60}}\b(?:{_NETWORKS}|e-?mail|redes|réseaux|social\w*)\b)"
_ADVERT = "advertisement|publicidad|publicit[ée]|anzeige|werbung|pubblicit[àa]|publicidade|advertentie|annons|reklama?|реклама|広告|广告|광고"
# In brackets before a text, these may be its own: "[Ad] hoc committee", "(Anzeige) erstattet".
_MISTAKABLE = "ad|pr|anzeige|annons|reklama?"
_COOKIES = (
    r"this (?:web)?site uses cookies", r"we use cookies", r"(?:esta|este) (?:web|sitio|p[áa]gina).{0,20} (?:utiliza|usa) cookies", r"utilizamos cookies",
    r"ce site utilise des cookies", r"nous utilisons des cookies", r"diese (?:web)?(?:seite|site) (?:verwendet|nutzt|benutzt) cookies", r"wir verwenden cookies",
    r"questo sito (?:utilizza|usa) (?:i )?cookie", r"este site (?:utiliza|usa) cookies", r"deze (?:web)?site (?:gebruikt|maakt gebruik van) cookies",
    r"(?:den här|denna) webbplats(?:en)? använder (?:cookies|kakor)", r"(?:ta strona|serwis|strona) (?:używa|wykorzystuje) (?:plik[ió]w? )?cookies?", r"bu (?:web ?)?site(?:si)? çerez\w*",
    r"(?:этот сайт|мы) использу(?:ет|ем).{0,30}(?:cookies?|куки)", r"このサイトは.{0,10}cookie",
)  # fmt: skip
# What a notice speaks of besides: who feeds cookies to the ducks speaks of none of it.
_CONSENT = (
    r"experien|expérien|esperien|erlebnis|erfahrung|ervaring|upplevelse|privac|confidential|datenschutz|integritet|prywatno|gizlilik|конфиденц|プライバシー"
    r"|consen|zustimm|toestemming|samtyck|zgod|согла|同意|accept|akzept|acept|accett|aceit|agree|einverstanden|acuerdo|accord|polic|polít|politi|einstellung|setting"
    r"|brows|navig|naveg|analy|anály|analis|statist|traffic|trafic|tráfico|personali|ad(?:vert)?s\b|anzeigen|publici|annonc|device|gerät|functional|funktion|services?\b|dienste"
    r"|our (?:web)?site|learn more|more info|read more|find out|mehr info|más info|en savoir plus|su utilizzo|ok\b|利用|使用"
    r"|improv|mejor|amélior|meilleur|besser|miglior|melhor|verbeter|bättre|lepsz|улучш"
)
# What a critic says of cookies: "without consent".
_WITHOUT = "without|illegally|ohne|sans|sin|senza|sem|zonder|utan|bez|без"
# Read on: alone, at a place, or with the title of what there is to read. Longer ones come first.
_ONWARD_WORDS = (
    r"(?:read|view|continue reading) (?:the |this |our )?(?:original|full|whole|rest of (?:the|this)|entire|complete) (?:article|story|post|piece|report|interview|news|text)", r"continue reading (?:the |this |our )?(?:article|story|post|piece|report|interview|text)",
    r"read more", r"continue reading", r"keep reading", r"(?:leer|lee|ver) m[áa]s", r"(?:leer|lee|ver) (?:la noticia|el art[íi]culo)(?: complet[oa])?", r"(?:seguir|sigue) leyendo",
    r"lire (?:la suite|plus|aussi|l['’]article)(?: (?:de l['’]article|complet))?", r"(?:hier )?weiterlesen", r"mehr (?:lesen|dazu|erfahren)", r"zum (?:ganzen )?artikel",
    r"continua a leggere|continua la lettura|leggi (?:tutto|anche|di più|l['’]articolo)(?: completo)?", r"continue lendo|leia (?:mais|tamb[ée]m|a mat[ée]ria|o artigo)|ler mais", r"lees (?:verder|meer|ook)",
    r"läs (?:mer|hela artikeln|vidare)", r"læs (?:mere|hele artiklen|videre)", r"les (?:mer|hele saken|videre)", r"lue (?:lisää|koko juttu)",
    r"czytaj (?:dalej|więcej)", r"(?:číst|čtěte) (?:dále|více|celý článek)", r"citește (?:mai mult|mai departe|continuarea)", r"(?:olvass )?tovább(?: olvasom| a (?:teljes )?cikk(?:re|hez))?|bővebben",
    r"devamını oku(?:mak için tıklayın(?:ız)?|yun)?", r"читать (?:далее|полностью)", r"читати (?:далі|повністю)",
    r"διαβάστε (?:περισσότερα|επίσης|ακόμ[αη]|αναλυτικά|εδώ|τη συνέχεια|όλο|ολόκληρο|το (?:πλήρες )?άρθρο)", r"συνέχεια(?: (?:της )?ανάγνωσης| του άρθρου| στο άρθρο| εδώ)?",
    r"اقرأ (?:المزيد|أيضا|أيضًا)", r"(?:ل|و)?المزيد(?: من (?:الأخبار|المقالات|التفاصيل|المعلومات))?", r"पूरा पढ़ें|आगे पढ़ें|और पढ़ें", r"baca (?:selengkapnya|juga|lebih lanjut)", r"xem thêm|đọc tiếp",
    r"click here (?:to (?:read|continue|view|see)|for) (?:more|on|the (?:full|whole|original|rest of the|entire|complete) (?:article|story|post|text|report))",
)  # fmt: skip
# The same in scripts that set no blank between words.
_ONWARD_SIGNS = r"続きを読む|もっと読む|記事を読む|全文を読む|続きはこちら|阅读全文|閱讀全文|阅读更多|查看全文|繼續閱讀|继续阅读|더 ?보기|계속 ?읽기|자세히 ?보기|기사 ?전문(?: ?보기)?"
_ONWARD = "|".join(_ONWARD_WORDS)
_JOINING = "at|on|from|in|of|about|en|sur|de|du|auf|bei|über|su|em|no|na|sobre|op|over|bij|på|om|w|o|на|о|στο|σε|για|di|tentang"
_HERE = "here|below|aquí|aqui|ici|hier|qui|här|her|tutaj|tu|εδώ|здесь|тут"
_SITE = r"[\w-]+(?:\.[\w-]+)+(?:/\S*)?|(?:our|the|this) (?:web ?)?(?:site|app|blog|page)"
# From end to end; the last bracket is gone by then.
_QUOTED = r"\"[^\"]{1,200}\"|“[^”]{1,200}”|«[^»]{1,200}|„[^“”]{1,200}[“”]|‘.{1,200}’|'.{1,200}'|「[^」]{1,200}」|（[^）]{1,200}）|\([^)]{1,200}"
_POST_FROM = "The post|L['’]article|La entrada|Der Beitrag|L['’]articolo|O post|Het bericht|Artykuł"
_APPEARED = "appeared first on|est apparu en premier sur|se publicó primero en|erschien zuerst auf|proviene da|apareceu primeiro em|verscheen eerst op|pochodzi z serwisu"
# Letters: what the verb asks a reader to get, not what else its sentence speaks of; and what a prompt may
# go on with, which is no news: "Subscribe to the newsletter of the sect led to arrests".
_LURES = (
    r"to|and|or|for|from|with|who|by|via|in|on|at|about|so|if|here|now|today|below|every|each|daily|weekly|monthly|delivered|sent|straight|right|directly|free|it|it['’]s|that|which|featuring|using"
    r"|get|we|we['’]ll|you|you['’]ll|your|our|don['’]t|do not|never|no|join|click|plus|stay|be|keep|unsubscribe|enter|all|the|sign|subscribe|follow|read|news|stories|as|when|this|there|just|why|want|already|please|thank|thanks"
)
_REST = rf"(?:\W*\Z|\W{{1,4}}(?:{_LURES})\b[^.:;!?…]{{0,100}}(?:[.:;!?…]+ (?:{_LURES})\b[^.:;!?…]{{0,100}}){{0,2}}\W*)"
_TAIL = rf"(?: (?:service|list|sign-?up|page|form|updates?|alerts?)s?)?{_REST}"
_SIGN_UP = r"(?:sign up|subscribe)(?: (?:here|now|today|below|for free))*[!:,.]?"
_FOR = r"(?:(?:for|to|(?:to|and) (?:get|receive|have|read)|get|receive) )?"
_OFTEN = r"(?:(?:our|your|my|the|an?|all|free|full|more|latest|breaking|daily|weekly|monthly|morning|evening|regular|instant|exclusive|special|e-?mail|news|sports?|push|browser|and|&) )*"
_MEANS = r"(?:by|with|from|via|sending|send|who|says?)\b"
_WORDS = rf"(?:(?!{_MEANS})[^\s.,:;!?…]+ ){{0,8}}"
_ABONNEZ = r"(?:suscr[íi]bete|inscr[íi]bete|abonnez-vous|inscrivez-vous)"
_OURS = r"(?:nuestr[oa]s?|notre|nos|mis?|ma|mon|mes)"
_ENGLISH_LETTERS = (
    rf"(?:sign up|subscribe|register\b{_GAP}{{0,30}} (?:for|to|and))\b{_GAP}{{0,60}}\b(?<! a )newsletters?\b{_TAIL}", rf"{_SIGN_UP} {_FOR}{_WORDS}(?<! a )newsletters?\b{_TAIL}",
    rf"(?:{_SIGN_UP}|register) (?:for|(?:to|and) (?:get|receive|have|read))\b[^.:;!?…]{{0,80}}\b(?:(?:our|your|my) (?:\S+ )?newsletters?|(?:to|in|into|via) (?:your|my) (?:e-?mail )?inbox)\b{_TAIL}",
    rf"{_SIGN_UP} {_FOR}{_OFTEN}(?:updates|alerts|e-?mails|notifications)\b{_TAIL}", rf"{_SIGN_UP} (?:to|and) (?:get|receive|have) {_WORDS}(?:updates|e-?mails)\b{_TAIL}",
    rf"register (?:for|to (?:get|receive)) (?:\S+ )?(?:e-?mail|news|free) (?:updates|alerts)\b{_TAIL}",
    rf"{_SIGN_UP} (?:for|to|and (?:get|receive)) {_WORDS}(?:(?:our|your|my|the|an?|free|daily|weekly|morning|evening) e-?mail(?=\W*\Z|[.!:]| (?:newsletter|briefing|bulletin|alerts?|updates?|for|to|from|with|here|now|today|every|each|about|on|of|below)\b)|e-?mail (?:list|digest)\b){_REST}",
    rf"{_SIGN_UP} (?:with|by entering|using) your e-?mail(?: address)?(?: below| here)?(?: (?:to|and|for) (?:get|receive|our|news|updates)\b{_REST})?",
    rf"(?:subscribe(?: to {_GAP}{{1,60}})?|(?:sign up|subscribe)(?: (?:to|and) (?:get|receive|have) {_GAP}{{1,60}})?) (?:by|via) e-?mail(?: (?:here|now|today|daily|for free|(?:every|each) \w+))?",
)  # fmt: skip
_DAVON = r"(?:!.{0,80}| (?:hier|jetzt|heute|gratis|kostenlos|und (?:nichts|keine|nie|immer|täglich|wöchentlich|regelmäßig|informiert|auf dem laufenden)\b[^.,:;!?…]{0,60}))?"
_OTHER_LETTERS = (
    rf"{_ABONNEZ}", rf"{_ABONNEZ}{_GAP}{{0,60}}\b(?:newsletters?|infolettres?|lettres? d['’]information|bolet[íi]n(?:es)?)\b.{{0,80}}",
    rf"{_ABONNEZ} (?:para|pour|y|et) (?:recib\w+|recevoir|recevez)\b[^.:;!?…]{{0,60}}\b(?:correo|e-?mails?|alertes?|alertas|notificaciones|notifications?|entrada)\b.{{0,80}}",
    rf"{_ABONNEZ} (?:a|en|à|aux?)(?: (?:{_OURS}|las?|los|les))? (?:alertes?|alertas|notificaciones|notifications?)\b.{{0,80}}",
    rf"{_ABONNEZ} (?:a|en|à) {_OURS} (?:\w+ )?(?:canal|cha[îi]ne)\b.{{0,80}}", rf"{_ABONNEZ} (?:al?|en|à|au)(?: (?:el|la|le))? (?:canal|cha[îi]ne) (?:(?:de|en|sur) )?(?:{_NETWORKS})\b.{{0,60}}",
    rf"{_ABONNEZ} (?:por|par) (?:correo|e-?mail|courriel)",
    rf"(?:jetzt )?(?:(?:unseren|den) )?newsletter (?:abonnieren|bestellen){_DAVON}", rf"iscriviti{_GAP}{{0,80}}\bnewsletter\b.{{0,60}}",
    # To get it is an imperative; where it could be an infinitive or a noun, nothing may follow.
    rf"(?:tilmeld dig|(?:prenumerera|abonner(?: (?:dig|deg))?) på (?:vår|vårt|våra|våre|vores|mitt|mit)|zapisz się|zapisz|abone ol|подпи(?:шитесь|сывайтесь)|підпи(?:шіться|суйтесь)|meld je aan|schrijf je in|melden sie sich|jetzt anmelden)\b{_GAP}{{0,40}}\b(?:nyhetsbrev|nyhedsbrev|newsletter\w*|bülten\w*|рассылк\w*|розсилк\w*|nieuwsbrief)\b.{{0,80}}",
    r"(?:(?:prenumerera|abonner(?: (?:dig|deg))?) på (?:\w+ ){0,3}nyhe[td]sbrev(?:et)?|tilaa (?:\w+ ){0,3}uutiskirje(?:emme|eni)?|подписка на (?:\w+ )?рассылку(?: новостей)?|підписка на (?:\w+ )?розсилку)(?: (?:här|nu|idag|gratis|täältä|tästä|ilmaiseksi))?(?:!.{0,80})?",
    rf"(?:подпи(?:шитесь|сывайтесь)|підпи(?:шіться|суйтесь)) на {_GAP}{{0,40}}\b(?:\w+-)?канал\w*\b.{{0,80}}",
    r"(?:メールマガジン|ニュースレター)(?:の|に|を|へ)?(?:無料)?(?:登録|購読)(?:する|はこちら|(?:して)?ください)?", r"(?:订阅|訂閱)(?:我们的|我們的)?(?:通讯|電子報|新闻|邮件)", r"뉴스레터 ?구독(?:하기| ?신청(?:하기)?)?",
)  # fmt: skip

_ALONE = (
    *(rf"{notice}(?:\W*|(?! (?:{_WITHOUT})\b)(?=.*(?:{_CONSENT})).*)" for notice in _COOKIES),
    r"by continuing to (?:use|browse) (?:this|our) (?:web ?)?(?:site|page|app|service)s?,? (?:you(?:['’]re)? (?:\w+ ){0,3}(?:agree|consent|accept|acknowledg|confirm|understand|allow|give)|we(?:['’]ll)? (?:\w+ )?assume you).*",
    r"read on", r"continua", r"(?:the )?full story(?: here)?", r"read (?:the )?(?:news |original )?source(?: link)?", r"(?:view |original )source(?: link| article)?|source (?:link|article)",
    r"click here to get the .{1,30} app",
    r"∞? ?permalink ?∞?|to read th(?:is|e) (?:article|story|post|text|report) in full,? (?:please )?(?:click|visit|go|subscribe|sign|log)\b.{0,60}",
    r"(?:if the formatting looks odd .{1,40}, )?visit the original (?:article|post)|reply (?:to this post|via e-?mail|by e-?mail)",
    *_ENGLISH_LETTERS, *_OTHER_LETTERS,
    # Sharing and following
    rf"(?:share|tweet)(?: this)?[.!]?|(?:share|tweet|e-?mail|print|comment on) (?:this )?(?:article|story|post|page)(?: (?:on|via|with|by) {_PLACES})?[.!]?", rf"(?:share|tweet) (?:on|via) (?:{_NETWORKS}|e-?mail)",
    rf"click to (?:share|e-?mail|tweet|print)(?: this(?: (?:article|story|post|page))?| a link)?(?: to a friend| (?:on|via|to) {_SOCIAL}.{{1,40}})?(?: ?\(opens in .{{1,30}})?", rf"share (?:this )?(?:on|via|to|with) {_PLACES}[.!]?",
    rf"(?:compartir|partager|teilen|condividi|partilhar|delen)(?: (?:en|sur|auf|su|em|op) {_PLACES})?[.!]?",
    rf"(?:comparte|compartilhe|partagez|condividi|deel|dela|udostępnij|paylaş|поделиться|シェアする|分享)(?: (?:esto|esta noticia|isto|cet article|questo articolo|dit|artikeln|artykuł))?(?: (?:en|no|sur|su|op|på|w|в) {_PLACES})?[.!]?",
    rf"(?:{_DEEDS}|{_NETWORKS})(?:(?: | ?[|·•/-] ?)(?:{_DEEDS}|{_NETWORKS}))+", rf"(?:{_DEEDS})(?:(?: | ?[|·•,:/-] ?)(?:{_DEEDS}|{_NETWORKS}))+",
    rf"follow (?:us|me|\S+ \S+) on (?:{_NETWORKS})(?:(?:,| and| &| or)* (?:{_NETWORKS}))*(?:(?: at| via)? @\S+| for (?:more(?! than)|the latest|all|updates|news)\b.{{0,60}})?",
    rf"(?:s[íi]guenos en|suivez-nous sur|folgen sie uns(?: auf| bei)?|seguici su|siga-nos(?: no| em)?) {_SOCIAL}.{{1,80}}",
    rf"view (?:this post )?(?:on|in) (?:your browser|{_NETWORKS})", r"a post shared by (?:.{1,100}\(@[\w.]+|@[\w.]+)\)?(?: on \w{3,9} \d{1,2}, \d{4}(?: at .{1,20})?)?",
    # Adverts and scripts
    rf"sponsored|{_ADVERT}",
    r"please (?:enable|turn on) javascript\b.{0,120}|(?:enable|turn on) javascript(?: to \w+ .{1,100})?", rf"your browser does not support {_GAP}{{1,80}}(?:[.,:;!…]+ (?:please|so|but|try|you|we|instead|here|to|download|click|install|upgrade|update|use|see|or)\b.{{0,100}}|!)?",
    r"(?:comments? (?:are )?(?:closed|off)|no comments(?: yet)?|leave a (?:comment|reply))[.!]?",
)  # fmt: skip
_LABEL = (
    rf"(?:(?:the )?(?:rss )?(?:feed )?(?:filed under|posted in|tagged(?: with)?|tags)|advertisement|sponsored|{_ADVERT}"
    r"|gesponsert|sponsorisé|sponsorizzato|patrocinado|gesponsord)"
)
# Who is spoken to, or speaks: a prompt goes on so, and nobody reports it.
_READER = (
    r"you|your|we|our|us|who|which|that|vous|votre|vos|tes|nous|notre|nos|qui|que|tus?|sus?|usted|nuestr[oa]s?|le tue|i tuoi|suoi|che|seus?|suas?|sie|ihre?[nmrs]?|wir|unsere?[nmrs]?|deine?[nmrs]?"
    r"|uw|jouw|je|onze|wij|we|dig|din|dina|dine|ditt|vår|vårt|våra|twoj\w+|twoi\w+|вы|вам|вас|ваш\w*|мы|наш\w*"
)
_FLAGS = re.IGNORECASE | re.DOTALL

ALONE = re.compile("|".join(_ALONE), re.DOTALL)
"""What is said by no text but a template's: to be met in small letters, which is quicker by half."""
CAPITALS = re.compile(
    rf"(?:{_POST_FROM}) [^a-z\s].{{0,300}} (?:{_APPEARED}) (?:[^a-z\s]|[\w-]+\.[a-z]).*|Comments [Oo]ff on [^a-z\s].{{0,150}}",
    re.DOTALL,
)
"""The same as it is written: in small letters a sentence goes on where this has a title or a site."""
REPORTED = re.compile(
    rf"[,:;–—\"”»] (?:(?!(?:{_READER})(?!\w))[^\s,;]+ ){{0,5}}"
    r"(?:says?|said|heard|warn(?:s|ed)|argue[sd]|complain(?:s|ed)?|ruled|judge[sd]|wrote|admit(?:s|ted)|agreed"
    r"|sagt|sagte|sagen|rügte?|warnte?|kritisiert(?:e|en)?|urteilte?|meint|heißt es|berichtet|(?:dit|disent|juge|estime)(?= (?:l[ae]s?|un|une|m\.|mme|l['’])\b)|dit-(?:il|elle|on)|disent-(?:ils|elles)|affirme|dénonce"
    r"|dice|dicen|dijo|afirma|afirmó|advierte|denuncia|denunció|afferma|spiega|avverte|diz|disse|zegt|zei|aldus|meldt|waarschuwt|säger|sade|varnar|siger|sagde|advarer|sier|sanoo|sanoi"
    r"|mówi|powiedział\w*|twierdzi|ostrzega|dedi|diyor|söyledi|belirtti|говор[ия]т|сказал\w*|сообщил\w*|сообщает|заявил\w*|заявляет|считает|предупред\w+|каже|сказав|повідом\w+|заявив)(?!\w)"
    rf"|[,:;–—\"”»] (?:according to|laut|selon|d['’]après|según|secondo|segundo|volgens|enligt|ifølge|według|по словам)(?! (?:{_READER})(?!\w))"
    r"|と.{0,12}(?:述べ|指摘|批判|発表|語っ|話し|報じ|訴え)",
    _FLAGS,
)
"""Who says so, behind a clause: then it is a quotation or news."""
ONWARD = re.compile(rf"(?:{_ONWARD})(?!\w)|{_ONWARD_SIGNS}", _FLAGS)
"""To read on: what follows it decides."""
PLACE = re.compile(rf"(?: (?:{_HERE}))?|(?: (?:{_JOINING}))? (?:{_SITE})", _FLAGS)
"""After ``ONWARD``, nothing, or where to."""
TITLE = re.compile(rf"(?: (?:{_HERE}))? ?(?:[:：] ?(.{{1,80}})|{_QUOTED})", _FLAGS)
"""After ``ONWARD``, the title of what there is to read, unless it (group 1) begins as a sentence goes
on, in small letters."""
OTHERS = re.compile(
    rf"{_DEEDS}|comments?|(?:{_NETWORKS})(?:,? ?(?:{_NETWORKS}))+|{_LABEL} ?[:|] .{{1,200}}|click here to (?:subscribe|sign up|register)\b.{{0,80}}"
    rf"|[\[(]?(?:{_MISTAKABLE}|sponsored|{_ADVERT})[\])] .{{1,200}}|(?:suscr[íi]bete|abonnez-vous)\b.{{1,100}}|(?:{_POST_FROM}) .{{1,300}} (?:{_APPEARED}) .{{1,100}}"
    r"|this (?:article|story|post) (?:was )?(?:first|originally) (?:appeared|published)\b.{1,100}",
    _FLAGS,
)  # fmt: skip
"""What is a template's where a link leads on, and may be a text's where none does."""
LEADING = re.compile(
    rf"(?:(?:{_ONWARD})(?!\w)|{_ONWARD_SIGNS})(?: (?:{_HERE}))?(?: (?:{_JOINING}))?(?: (?:the|our|la|le|el))?|{_LABEL} ?|[\[(]?(?:{_MISTAKABLE}|sponsored|{_ADVERT})[\])]?"
    r"|this (?:article|story|post) (?:was )?(?:first|originally) (?:appeared|published)(?: (?:on|in|at|by|over at|here))?(?: the)?"
    rf"|(?:{_POST_FROM})\s+(?:{_APPEARED})",
    _FLAGS,
)  # fmt: skip
"""What stands before the link that it leads to."""

SECTIONS = frozenset([
    "soccer", "football", "fútbol", "futbol", "fußball", "fussball", "calcio", "futebol",
    "voetbal", "サッカー", "tennis", "tenis", "ténis", "basketball", "baloncesto", "basket", "rugby",
    "cricket", "golf", "boxing", "boxeo", "f1", "formula", "motogp", "cycling", "ciclismo",
    "cyclisme", "wielrennen", "radsport", "athletics", "atletismo", "leichtathletik", "nfl",
    "nba", "mlb", "nhl", "wnba", "sport", "sports", "deportes", "deporte", "esportes", "esporte",
    "hockey", "handball", "balonmano", "volleyball", "baseball", "swimming", "news", "noticias",
    "nachrichten", "actualité", "opinion", "opinión", "transfers", "mercato",
])  # fmt: skip
"""Section labels that stand alone above a headline."""
RELATED = re.compile(
    r"(?:(?:related|recommended|suggested)(?: (?:posts?|articles?|stories|story|news|links?|content|topics|coverage))?"
    r"|more (?:stories|articles|posts|coverage|on this(?: story| topic)?)|read (?:also|next|more)|also read|you (?:may|might) also (?:like|be interested in|enjoy)|don['’]t miss|most (?:read|popular)"
    r"|(?:lea|lee|leer|ver|vea|mira) también|te puede interesar|también te puede interesar|(?:noticias|art[íi]culos|notas|contenidos?) relacionad[oa]s|relacionad[oa]s?|más (?:noticias|información)"
    r"|(?:[àa] )?lire aussi|(?:[àa] )?voir aussi|sur le m[êe]me (?:sujet|th[èe]me)|articles? (?:li[ée]s|similaires|connexes)|pour aller plus loin|en savoir plus"
    r"|mehr zum thema|lesen sie auch|auch interessant|das k[öo]nnte sie (?:auch )?interessieren|[äa]hnliche (?:artikel|beitr[äa]ge)|weitere (?:artikel|themen|nachrichten)|siehe auch|zum thema"
    r"|leggi anche|potrebbe interessarti(?: anche)?|articoli (?:correlati|simili)|vedi anche|ti potrebbe interessare"
    r"|(?:leia|veja|confira|saiba) (?:tamb[ée]m|mais)|not[íi]cias relacionadas|artigos relacionados|lees (?:ook|meer)|gerelateerde? (?:artikelen|berichten)"
    r"|läs (?:också|även|mer)|læs også|les også|lue myös|czytaj (?:też|także|również)|zobacz (?:też|także|również)|powiązane|čtěte také|citește și|ilgili haberler|bunlar da ilginizi çekebilir"
    r"|читайте (?:также|ещё)|по теме|смотрите также|читайте також|関連(?:記事|リンク|ニュース)|あわせて読みたい|相关(?:阅读|文章|新闻|链接)|相關(?:閱讀|文章|新聞)|관련 ?(?:기사|뉴스)|اقرأ أيضا|مواضيع ذات صلة|baca juga)",
    re.IGNORECASE,
)  # fmt: skip
MORE_ABOUT = re.compile(r"(?:more from|meer over) .{1,40}", re.IGNORECASE)
"""What introduces links where there are any, and else may be said of anything."""
