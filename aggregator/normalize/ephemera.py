"""What changes in a text while nobody edits it: counters, "5 minutes ago", adverts.

A fingerprint must not see it, or each poll would bring a revision. Precision comes
first: a phrase counts only where it stands alone, as a block of its own or as the
first or last sentence, so that "the video has 1,234 views" is text like any other.
All patterns look at folded text (``characters.key``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_JOIN = r"[\s·•|,;/()\[\]–—-]"
_COUNTED = (
    # en es pt fr de it nl sv pl tr ru
    r"views?|comments?|shares?|likes?|reads?|replies|reactions?|retweets?|upvotes?|plays|downloads?"
    r"|visitas|visualizaciones|visualizações|comentarios?|comentários?|compartidos?|compartilhamentos"
    r"|me gusta|vues?|commentaires?|partages?|réactions?|aufrufe|ansichten|kommentare?|mal gelesen"
    r"|visualizzazioni|comment[oi]|condivisioni|weergaven|reacties|visningar|kommentarer"
    r"|wyświetleń|komentarz(?:e|y)?|görüntülenme|yorum|просмотр(?:а|ов)?|комментари(?:й|я|ев)"
)
_NUMBER = r"\d[\d.,' ]{0,12}(?:k|m|mio|mil|tys)?\+?"
_SOME = r"(?:\d{1,3}|an?|one|a few|few)"
_EDITED = (
    r"updated|modified|edited|actualizad[oa]|mis à jour|modifié|aktualisiert|aggiornato|atualizad[oa]"
    r"|bijgewerkt|uppdaterad|zaktualizowano|güncellendi|обновлено|更新|最終更新"
)
_PUBLISHED = r"posted|published|publicado|publié|veröffentlicht|pubblicato|geplaatst|опубликовано"
_UPDATED = rf"(?:last |zuletzt )?(?:{_EDITED}|{_PUBLISHED})"
# The day on which a thing was published, by itself, is said once and is text; a stamp has a time.
_STAMPED = rf"(?:last |zuletzt )?(?:{_EDITED}|(?:{_PUBLISHED})(?=.{{0,60}}(?<![.\d])\d{{1,2}}[:.h]\d\d(?![.\d])))"
_AGO = (
    rf"(?:about |over |less than )?{_SOME} ?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?|months?) ago",
    r"hace (?:\d{1,3}|una?|unos|unas|pocos) (?:segundos?|minutos?|horas?|días?|semanas?|mes(?:es)?)",
    r"il y a (?:\d{1,3}|une?|quelques) (?:secondes?|minutes?|heures?|jours?|semaines?|mois)",
    r"vor (?:\d{1,3}|einer|einem|wenigen) (?:sekunden?|minuten?|stunden?|tag(?:en)?|wochen?|monat(?:en)?)",
    r"(?:\d{1,3}|una?|pochi) (?:second[oi]|minut[oi]|or[ae]|giorn[oi]|settiman[ae]|mes[ei]) fa",
    r"há (?:\d{1,3}|uma?|poucos) (?:segundos?|minutos?|horas?|dias?|semanas?|m[eê]s(?:es)?)(?: atrás)?",
    r"(?:\d{1,3}|een) (?:seconden?|minuut|minuten|uur|uren|dag(?:en)?|week|weken) geleden",
    r"för \d{1,3} (?:sekunder|minuter|timmar|dagar) sedan",
    r"\d{1,3} (?:sekund\w*|minut\w*|godzin\w*|dni|dzień) temu",
    r"\d{1,3} (?:saniye|dakika|saat|gün) önce",
    r"(?:\d{1,3} )?(?:секунд[ыу]?|минут[ыу]?|час(?:а|ов)?|день|дн(?:я|ей)) назад",
    r"\d{1,3} ?(?:秒|分|分钟|時間|小时|日|天)前(?:に?更新)?",
    r"\d{1,3} ?(?:초|분|시간|일) 전",
    r"just now|ahora mismo|à l'instant|gerade eben|proprio ora|agora mesmo|zojuist|только что",
)  # fmt: skip
_MOMENT = (
    r"(?:[^\W\d]{3,10},? )?(?:\d{1,2}\.?(?: de)? [^\W\d]{3,10}\.?(?: de)?,? (?:199|[2-9]\d\d)\d"
    r"|[^\W\d]{3,10}\.? \d{1,2},? (?:199|[2-9]\d\d)\d"
    r"|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4})?,?(?: at| um| à| a las| alle| às| -)? ?"
    r"(?:\d{1,2}[:.h]\d\d(?::\d\d)?(?: uhr)?)? ?(?:[ap]\.?m\.?)? ?(?:gmt|utc|bst|c?est|cet|e[sd]t|p[sd]t|jst)?"
)
_SOLD = (
    r"advertisement|advert|ad|sponsored(?: content| post| by)?|anzeige|werbung|gesponsert|publicidad"
    r"|patrocinado|publicité|sponsorisé|pubblicità|sponsorizzato|publicidade|advertentie|gesponsord|annons"
    r"|reklama|reklam|реклама|広告|广告|광고"
)
# What is promoted before a colon is a team.
_ADVERT = rf"{_SOLD}|promoted"
_PASSING = "|".join(
    (
        rf"{_NUMBER} ?(?:{_COUNTED})",
        rf"{_NUMBER} points?{_JOIN}+{_NUMBER} comments?",
        rf"#? ?(?:{_COUNTED}|points)(?: ?: ?| ?\(){_NUMBER}\)?",
        r"(?:no|leave a|add a|post a) comments?|be the first to comment",
        r"コメント ?\(?\d{1,6}\)?|\d{1,6} ?件のコメント|评论 ?\(?\d{1,6}\)?|阅读 ?\(?\d{1,9}\)?|조회수? ?:? ?\d{1,9}",
        rf"(?:{_UPDATED}[: ]{{0,2}})?(?:{'|'.join(_AGO)})(?: {_UPDATED})?",
        rf"{_STAMPED}(?: on| at| le| el| am| il| em| op)?[: ]{{1,2}}(?=[^.]{{0,12}}\d){_MOMENT}",
        rf"[\[(](?:{_ADVERT})[\])].{{0,200}}",
        rf"(?:{_SOLD}) ?[:|] ?.{{1,200}}",
    )
)
# The phrases stand in it once only, for they take long to compile.
_ALONE = re.compile(rf"(?:(?:\A|{_JOIN}+)(?:{_PASSING}))+[\s.·•|)\]-]*")
# Where a sentence may begin or end; the advert's own words may have any of these signs in them.
# (A blank is looked for first, and what stands around it then: a quarter of the time of the other way.)
_START = re.compile(r"\s(?:(?<=[.!?…。！？·•|\])]\s)\s*|\s*(?=[\[(·•|]))")
_LONGEST = 240
_DIGIT = re.compile(r"\d")
_HINTS = (" ad", "(ad", "[ad", "ago", "now", "comment", "назад", "spons", "anzeige", "werb", "publi", "pubbl", "rekl", "annons", "广", "広", "광", "реклама", "promo", "patro", "hace", "il y", "vor ", "fa", "há ", "instant", "eben", "mesmo", "mismo", "zojuist", "geleden", "только")  # fmt: skip


def lasting(texts: Iterable[str]) -> list[str]:
    """The folded blocks of a text, without what passes."""
    kept = [text for text in texts if not is_passing(text)]
    if kept:
        kept[-1] = _without_end(kept[-1])
        kept[0] = _without_start(kept[0])
    return [text for text in kept if text]


def is_passing(text: str) -> bool:
    """Whether a folded text says nothing that lasts: counters, times, a labelled advert."""
    return len(text) <= _LONGEST and bool(_ALONE.fullmatch(text)) and _is_hinted(text)


def _is_hinted(text: str) -> bool:
    """Whether there is a sign of what passes besides the pattern: a digit, a word that tells."""
    return (
        any(map(text.__contains__, _HINTS))
        or text.startswith("ad")
        or _DIGIT.search(text) is not None
    )


def _without_end(text: str) -> str:
    """Without passing sentences at the end. Looks at the last few starts of sentences only."""
    tail = text[-_LONGEST:]
    offset = len(text) - len(tail)
    starts = [offset + found.end() for found in _START.finditer(tail)]
    for start in starts:
        if is_passing(text[start:]):
            return text[:start].rstrip(" ·•|")
    return text


def _without_start(text: str) -> str:
    """Without passing sentences at the start; of an advert there, the end cannot be told."""
    ends = [found.end() for found in _START.finditer(text[:_LONGEST])]
    for end in reversed(ends):
        first = text[:end].strip()
        if is_passing(first) and not _LABELLED.match(first):
            return text[end:]
    return text


_LABELLED = re.compile(rf"{_JOIN}*(?:[\[(]?(?:{_ADVERT})[\])]? ?[:|]?)")
