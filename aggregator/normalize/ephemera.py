"""What changes in a text while nobody edits it: counters, "5 minutes ago", adverts.

A fingerprint must not see it, or each poll would bring a revision. Precision comes
first, since what passes is recorded nowhere: a phrase counts only where it stands alone,
as a block of its own or as the first or last sentence, so that "the video has 1,234 views"
is text like any other, and only where no editor would correct it: "Points: 30" may be what
an article is about. All patterns look at folded text (``characters.key``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

_JOIN = r"[\s·•|,;/()\[\]–—-]"
_COUNTED = (
    # en es pt fr de it nl sv pl tr ru
    r"(?:(?:post|page|total|all[ -]time) ?)?views|view|comments?|likes?|replies|reactions?|retweets?|upvotes?"
    r"|visitas|visualizaciones|visualizações|comentarios?|comentários?|compartidos?|compartilhamentos"
    r"|me gusta|vues?|commentaires?|partages?|réactions?|aufrufe|ansichten|kommentare?|mal gelesen"
    r"|visualizzazioni|comment[oi]|condivisioni|weergaven|reacties|visningar|kommentarer"
    r"|wyświetleń|komentarz(?:e|y)?|görüntülenme|yorum|просмотр(?:а|ов)?|комментари(?:й|я|ев)"
)
# Games, elections and exchanges count these, too: they pass beside another counter only.
_AMBIGUOUS = r"points?|plays?|shares?|reads|downloads?|votes?|hits?"
# It ends in a digit, as no phrase begins or ends with a blank or a bracket: what can be told apart in
# two ways, and comes again and again, would be looked at in all of them.
_MANY = r"\d(?:[\d.,' ]{0,11}\d)?"
_NUMBER = rf"{_MANY}(?: ?(?:k|m|mio|mil|tys)\b)?\+?"
_SOME = r"(?:\d{1,3}|an?|one|a few|few)"
_EDITED = (
    r"updated|modified|edited|actualizad[oa]|mis à jour|modifié|aktualisiert|aggiornato|atualizad[oa]"
    r"|bijgewerkt|uppdaterad|zaktualizowano|güncellendi|обновлено|更新|最終更新"
)
_PUBLISHED = r"posted|published|publicado|publié|veröffentlicht|pubblicato|geplaatst|опубликовано"
_LAST = r"(?:last |zuletzt )?"
_UPDATED = rf"{_LAST}(?:{_EDITED}|{_PUBLISHED})"
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
# A number of three parts without a year in it is a version.
_YEAR = r"(?:199|[2-9]\d\d)\d"
_DATE = (
    rf"(?:\d{{1,2}}\.?(?: de)? [^\W\d]{{3,10}}\.?(?: de)?,? {_YEAR}|[^\W\d]{{3,10}}\.? \d{{1,2}},? {_YEAR}"
    rf"|{_YEAR}[/.-]\d{{1,2}}[/.-]\d{{1,2}}|\d{{1,2}}[/.-]\d{{1,2}}[/.-]{_YEAR}|\d{{1,2}}/\d{{1,2}}/\d\d)"
)
_ZONE = r"(?: ?[ap]\.?m\.?)?(?: ?(?:gmt|utc|bst|c?est|cet|e[sd]t|p[sd]t|jst|z|[+-]\d\d:?\d\d))?"
_TIME = rf"\d{{1,2}}[:.h]\d\d(?::\d\d(?:\.\d{{1,6}})?)?(?: uhr)?{_ZONE}"
# A time by itself is none with a dot in it: "Updated 2.10" is a version, or a price. Nor is what no
# clock shows: a match may end so.
_CLOCK = rf"(?:[01]?\d|2[0-3])(?:[:h][0-5]\d(?::[0-5]\d)?(?: uhr)?|\.[0-5]\d(?: uhr|(?= ?(?:[ap]\.?m|gmt|utc|bst|c?e[sd]?t)))){_ZONE}"
_DAY = r"(?:[^\W\d]{3,10},? )?"
_AT = r"(?:,?(?: at| um| à| a las| alle| às| -)? ?|t)"
_ON = r"(?: on| at| um| le| el| am| il| em| op)?[: ]{1,2}"
_TIMES = r"times|mal|fois|veces|vezes|volte|keer|gånger|razy|раза?"
_SEEN = (
    r"viewed|read|visited|gelesen|angesehen|vue?|lue?|consultée?|vist[oa]|leíd[oa]|lid[oa]|visitad[oa]"
    r"|lett[oa]|visualizzat[oa]|gelezen|bekeken|läst|visad|wyświetlono|przeczytano|прочитано|просмотрено"
)
_PASSING = "|".join(
    (
        rf"{_NUMBER} ?(?:{_COUNTED}|{_AMBIGUOUS})(?: today)?",
        rf"(?:# ?)?(?:{_COUNTED}|{_AMBIGUOUS})(?: today)?(?: ?: ?| ?\(){_NUMBER}",
        r"no comments|(?:leave a|add a|post a) comments?|be the first to comment",
        r"コメント ?\(?\d{1,6}|\d{1,6} ?件のコメント|评论 ?\(?\d{1,6}|阅读 ?\(?\d{1,9}|조회수? ?:? ?\d{1,9}",
        rf"visited {_MANY} times, {_MANY} visits? today",
        # How a text was rated, with the number of those who did: a rating by itself is a critic's, and
        # a total with its average, without a plugin's brackets, a bowler's.
        rf"rating: ?{_MANY}/ ?\d{{1,3}} ?-? ?\({_MANY} votes?(?: cast)?\)|{_MANY}/ ?\d{{1,3}} - \({_MANY} votes?\)",
        rf"{_MANY} votes?, average: {_MANY} out of \d{{1,3}}",
        rf"total: {_MANY} average: {_MANY}/ ?\d{{1,3}}|(?<=\[)total: {_MANY} average: {_MANY}(?=\])",
        rf"{_LAST}(?:{_EDITED}){_ON}{_DAY}(?:{_DATE}(?:{_AT}{_TIME})?|{_CLOCK})",
        # The day by itself is said once and is text, and so is an hour: of results, that they come then.
        rf"{_LAST}(?:{_PUBLISHED}){_ON}{_DAY}{_DATE}{_AT}{_TIME}",
        rf"(?:{_UPDATED}[: ]{{1,2}})?(?:{'|'.join(_AGO)})(?: {_UPDATED})?",
        rf"(?:{_SEEN}):? {_MANY} (?:{_TIMES})|{_MANY} keer (?:gelezen|bekeken)|gelesen: ?{_MANY}",
        rf"{_MANY} (?:people|others|person|bloggers?) likes? this(?: post)?",
    )
)
# The phrases stand in it once only, for they take long to compile.
_ALONE = re.compile(rf"(?:(?:\A|{_JOIN}+)(?:{_PASSING})){{1,8}}[\s.·•|)\]-]*")
_DOUBTFUL = re.compile(rf"\b(?:{_AMBIGUOUS})\b")
_BESIDE = re.compile(rf"\b(?:{_COUNTED})\b|rating|average|/ ?\d{{1,3}} - \(")
# What names itself. Where sentences run on, others may answer one: "When did he leave? 3 weeks ago."
_NAMED = re.compile(
    rf"\b(?:{_COUNTED}|{_EDITED})\b(?! this)|rating|average|today|votes?\b|{_YEAR}|/\d\d|コメント|评论|阅读|조회"
)
# As feeds made of Hacker News end: each number in a paragraph of its own.
_SCORE = re.compile(r"points: \d{1,5}")
_SCORED = "# comments: "
_SOLD = (
    r"advertisement|advert|ad|sponsored(?: content| post| by)?|anzeige|werbung|gesponsert|publicidad"
    r"|patrocinado|publicité|sponsorisé|pubblicità|sponsorizzato|publicidade|advertentie|gesponsord|annons"
    r"|reklama|reklam|реклама|広告|广告|광고"
)
# What is promoted before a colon is a team.
_LABEL = re.compile(rf"{_JOIN}*(?:[\[(](?:{_SOLD}|promoted)[\])]|(?:{_SOLD}) ?[:|])")
# Nobody else's label. Without the brackets most of these are the topic of a piece of news.
_UNMISTAKABLE = re.compile(
    r"(?:[\[(](?:advertisement|advert|sponsored(?: content| post| by)?|werbung|gesponsert|publicidad"
    r"|patrocinado|publicité|sponsorisé|pubblicità|sponsorizzato|publicidade|advertentie|gesponsord"
    r"|реклама|広告|广告|광고)[\])]|advertisement ?[:|]|sponsored (?:content|post) ?[:|]) ?."
)
# Official notices of vacancies and tenders call themselves advertisements, too.
_NOTICE = re.compile(rf"\bno\.? ?\d{{1,6}}[/-]|(?:last|closing) date\b|{_DATE}")
# Most texts begin as no phrase does. These are the first letters of all that may come first in one,
# with what may follow a word of two.
_WORDS = re.findall(r"(?<![\w ']|\[)[^\W\d]{2,}", _PASSING + _SOLD)
_BEGINNINGS = frozenset(
    ("a f", "à l", *(f"{word[:3]}{sign}"[:3] for word in (*_WORDS, "vu", "lu") for sign in " :|"))
)
# Behind the Latin letters: those words are of two signs, or one.
_FURTHER = "\u024f"
_SIGNS = frozenset("0123456789# ·•|,;/()[]-")
# Where a sentence may begin or end; the advert's own words may have any of these signs in them.
# (A blank is looked for first, and what stands around it then: a quarter of the time of the other way.)
_START = re.compile(r"\s(?:(?<=[.!?…。！？·•|\])]\s)\s*|\s*(?=[\[(·•|]))")
_SET_APART, _ENDS = tuple("·•|(["), tuple("·•|")
_LONGEST = 240
Away = Callable[[str], Sequence[str]]


def _nowhere(text: str) -> Sequence[str]:
    return ()


def lasting(texts: Iterable[str], away: Away = _nowhere) -> list[str]:
    """The folded blocks of a text, without what passes. ``away``: the folded texts of a block's links
    to other sites, by which most adverts are told. One that is all there is stays."""
    kept: list[str] = []
    sold: list[str] = []
    scored = False
    for text in texts:
        if len(text) > _LONGEST or not _may_pass(text):
            kept.append(text)
        elif is_passing(text):
            scored = scored or text.startswith(_SCORED)
        elif _is_labelled(text) or _is_advert(text, text, away):
            sold.append(text)
        else:
            kept.append(text)
    kept = kept or sold
    if scored:
        kept = [text for text in kept if not _SCORE.fullmatch(text)]
    if kept:
        kept[-1] = _without_end(kept[-1], away)
        kept[0] = _without_start(kept[0])
    return [text for text in kept if text]


def is_passing(text: str, *, apart: bool = True) -> bool:
    """Whether a folded text says nothing that lasts: counters, times. ``apart``: it is no sentence
    among others."""
    if len(text) > _LONGEST or not _may_pass(text) or not _ALONE.fullmatch(text):
        return False
    if _DOUBTFUL.search(text) and not _BESIDE.search(text):
        return False
    return apart or _NAMED.search(text) is not None


def _may_pass(text: str) -> bool:
    return text[:3] in _BEGINNINGS or text[:1] in _SIGNS or text[:1] > _FURTHER


def _is_labelled(text: str) -> bool:
    return _UNMISTAKABLE.match(text) is not None and not _NOTICE.search(text)


def _is_advert(text: str, block: str, away: Away) -> bool:
    """Whether there is nothing behind an advert's label, or nothing but links to other sites: other
    words may be news."""
    label = _LABEL.match(text) if len(text) <= _LONGEST else None
    if label is None:
        return False
    rest = said = text[label.end() :]
    for link in away(block):
        rest = rest.replace(link, "", 1)
    return (rest != said or not said) and not rest.strip(" .·•|,;")


def _without_end(text: str, away: Away) -> str:
    """Without passing sentences at the end. Looks at the last few starts of sentences only."""
    tail = text[-_LONGEST:]
    for found in _START.finditer(tail):
        start, last = found.end(), tail[found.start() - 1 : found.start()]
        rest = tail[start:]
        if not _may_pass(rest):
            continue
        apart = last in _ENDS or rest.startswith(_SET_APART)
        if is_passing(rest, apart=apart) or _is_advert(rest, text, away):
            return text[: len(text) - len(rest)].rstrip(" ·•|")
    return text


def _without_start(text: str) -> str:
    """Without passing sentences at the start; of an advert there, the end cannot be told."""
    if not _may_pass(text):
        return text
    ends = [found.end() for found in _START.finditer(text[:_LONGEST])]
    for end in reversed(ends):
        first = text[:end].strip()
        apart = first.endswith(_ENDS) or text.startswith(_SET_APART, end)
        if is_passing(first, apart=apart):
            return text[end:]
    return text
