"""How pages say that they do not show the article: a short list, in the main languages.

What tells most is not words (see ``fulltext``); these catch a wall that carries the
article's first lines above it. A phrase counts only in a short block of the text that
was found, or anywhere on a page whose text is short: an article may mention a paywall.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# The text stops here for who does not pay or log in.
_STOPS = (
    r"(?:subscribe|log ?in|sign ?in|sign ?up|register|join)(?: now| today| or \w{1,20}(?: ?in)?)? (?:to|and|for free to) (?:continue|keep|read|unlock|access|view|finish)\b",
    r"(?:to|and) (?:continue|keep) reading,? (?:please |you need to |simply )?(?:subscribe|log ?in|sign ?in|register|create)\b",
    r"(?:this (?:article|story|content|post) is|exclusive(?:ly)?|only|available|reserved)(?: \w{1,20})? (?:for|to) (?:\w{1,20} ){0,2}(?:subscribers|members)\b",
    r"(?:already|not yet) a (?:subscriber|member)\?", r"subscribers? only\b", r"your free (?:articles|trial)\b",
    r"you(?:'ve| have) (?:reached|read|used) (?:your|all|the) .{0,30}(?:articles?|limit)\b",
    r"suscr[íi]b[ae]te (?:para|y) (?:seguir|continuar|leer|acceder)", r"(?:contenido|art[íi]culo|noticia)s? (?:exclusiv|solo|s[óo]lo|reservad|disponible)\w{0,20} (?:para|a) (?:\w{1,20} )?suscriptores",
    r"(?:inicia sesi[óo]n|reg[íi]strate)(?: \w{1,20})? para (?:seguir|continuar|leer)", r"¿ya eres suscriptor",
    r"(?:r[ée]serv[ée]e?s?|exclusivement) (?:aux|à nos) (?:\w{1,20} )?abonn[ée]s", r"abonnez-vous pour (?:lire|continuer|acc[ée]der|poursuivre)", r"d[ée]j[àa] abonn[ée]",
    r"il vous reste .{1,20} de cet article", r"(?:pour|connectez-vous pour) (?:lire la suite|continuer votre lecture)",
    r"(?:nur|exklusiv) f[üu]r (?:\w{1,20} )?abonnent", r"(?:jetzt )?(?:abonnieren|anmelden|registrieren|testen) und weiterlesen", r"sie haben bereits ein (?:\w{1,20}-?)?(?:abo|konto)",
    r"(?:dieser|der) (?:artikel|inhalt) ist (?:\w{1,20} ){0,3}(?:abonnent|kostenpflichtig)", r"mit (?:\w{1,20}-?){0,2}abo (?:weiter)?lesen",
    r"(?:riservat|disponibil|esclusiv)\w{0,20} (?:solo )?(?:agli|per gli) abbonati", r"abbonati (?:per|e) (?:continuare|leggere|accedere)", r"sei gi[àa] abbonat",
    r"(?:exclusiv|dispon[íi]ve|s[óo])\w{0,20} para (?:\w{1,20} )?assinantes", r"(?:assine|fa[çc]a login|cadastre-se) para (?:continuar|ler|ter acesso)", r"j[áa] [ée] assinante",
    r"(?:alleen|exclusief) (?:\w{1,20} )?voor (?:\w{1,20} )?abonnees", r"(?:abonneer|log in|word abonnee).{0,20} om (?:verder|dit artikel) te lezen", r"al abonnee\?",
    r"(?:この記事は)?(?:有料)?会員限定", r"только для подписчиков", r"tylko dla (?:\w{1,20} )?(?:abonent|subskrybent)", r"(?:仅限|僅限)(?:订阅|訂閱|会员|會員)",
)  # fmt: skip
# What stands in the article's place: consents, captchas, scripts, errors.
_NOTICES = (
    r"(?:we|our partners)(?: and our \w{1,20} partners)? (?:use|store|process)\b.{0,60}\b(?:cookies|information on a device|personal data)",
    r"we value your privacy", r"before you continue", r"(?:accept|manage|reject)(?: all)?(?: \w{1,20})? cookies",
    r"(?:respetamos|valoramos|nos importa) (?:tu|su) privacidad", r"respect(?:ons|er) (?:votre|de votre) vie priv[ée]e", r"wir sch[äa]tzen ihre privatsph[äa]re", r"mit werbung (?:und tracking )?weiterlesen", r"la tua privacy",
    r"(?:verify|confirm|prove)(?: that)? you(?:'re| are) (?:a |not a )?(?:human|robot)", r"are you (?:a robot|human)", r"unusual (?:traffic|activity)", r"checking (?:your|if the site) (?:browser|connection)", r"\bcaptcha\b", r"access (?:to this page has been |is )?denied", r"just a moment",
    r"(?:enable|turn on|requires?|activate)(?: \w{1,20})? (?:javascript|js)\b", r"(?:javascript|js) (?:is|must be|to be|has been) (?:disabled|enabled|required)", r"(?:active[rz]?|habilit[ae]r?|activa|aktivieren|attiva(?:re)?|abilita(?:re)?|ative|inschakelen|включите)(?: sie| el| le)? javascript", r"javascript (?:aktivieren|inschakelen)",
    r"(?:page|article|story) (?:was |is |could |can)?(?:not|no longer|cannot be) (?:be )?(?:found|available|exist)", r"p[áa]gina no (?:encontrada|existe)", r"page (?:introuvable|non trouv[ée]e)", r"seite (?:wurde )?nicht gefunden", r"pagina non trovata", r"p[áa]gina n[ãa]o encontrada", r"something went wrong",
)  # fmt: skip
_STOP = re.compile("|".join(_STOPS), re.IGNORECASE)
_NOTICE = re.compile("|".join(_NOTICES), re.IGNORECASE)
# What notices are about, alike in most languages.
_SUBJECT = re.compile(
    r"cookie|consent|einwillig|gdpr|rgpd|dsgvo|javascript|captcha|クッキー", re.IGNORECASE
)
_SHORT_BLOCK = 300
_SHORT_TEXT = 150
"""Words of an article that may be no more than what stands before a wall."""
_TELLING = 3


def is_wall(blocks: Iterable[str], words: int, visible: str, told: str) -> bool:
    """Whether a page is a wall, or its text ends at one.

    ``blocks`` are those of the text that was found, ``words`` how many words it has;
    ``visible`` is all text of the page, and ``told`` what the feed says itself: an
    article about cookies may be about cookies.
    """
    short = [block for block in blocks if len(block) <= _SHORT_BLOCK]
    if any(_STOP.search(block) for block in short):
        return True
    if words >= _SHORT_TEXT:
        return False
    if _STOP.search(visible):
        return True
    notices = any(_NOTICE.search(block) for block in short)
    subjects = len(_SUBJECT.findall("\n".join(blocks)))
    return (notices or subjects >= _TELLING) and not _SUBJECT.search(told)
