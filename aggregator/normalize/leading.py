"""Blocks that are links: what stands beside these, whether they lead away, and which may be an advert."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aggregator.normalize.blocks import Block
from aggregator.normalize.characters import key
from aggregator.normalize.ephemera import is_passing
from aggregator.normalize.links import is_elsewhere
from aggregator.normalize.paragraphs import plain

_LINK = re.compile(r'<a href="([^"]*)">(?:(?!</?a\b).)*</a>', re.DOTALL)
# What corrects a text, or warns of what it leads to, is no advert. Of folded text.
_CORRECTS = re.compile(
    r"\b(?:correct(?:ion|ed)|clarification|errat(?:um|a)|retract(?:s|ed|ion)|withdrawn|editor'?s note|apolog(?:y|i[sz]es?|ies)"
    r"|updated? ?:|fraud|hoax|scam|cancell?ed|postponed|recalled"
    r"|corrección|rectificación|aclaración|fe de erratas|desmentido|cancelad[oa]s?|aplazad[oa]s?|estafa|fraude|nota (?:de la redacción|del editor)"
    r"|correção|retificação|nota da redação|adiad[oa]s?|rectificatif|démenti|annulée?s?|reportée?s?|arnaque|mise à jour ?:|note de la rédaction"
    r"|berichtigung|korrektur|korrigiert|richtigstellung|gegendarstellung|widerruf(?:en)?|betrug|abgesagt|verschoben|zurückgezogen"
    r"|correzione|rettifica|smentita|annullat[oaie]|rinviat[oaie]|truffa|frode|correctie|rectificatie|ingetrokken|geannuleerd|uitgesteld|oplichting"
    r"|rättelse|korrigering|inställ[dt]a?|bedrägeri|sprostowanie|odwołan[eyao]|przełożon[eyao]|oszustwo|düzeltme|tekzip|iptal|ertelendi"
    r"|исправление|поправка|уточнение|опровержение|отмен[её]н[аоы]?|перенес[её]н[аоы]?|мошенник\w*|мошенничество)(?!\w)"
    r"|訂正|お詫び|中止|延期|詐欺|更正|勘[误誤]|撤回|取消|诈骗|詐騙|정정|취소|사기"
)  # fmt: skip


def beside_links(block: Block) -> str:
    """The text of a block that is no link."""
    if "<a " not in block.html:
        return block.text
    return plain(_LINK.sub("", block.html)).strip(" |·•,;")


def leads_away(block: Block, base: str) -> bool:
    """Whether a paragraph is nothing but links to other hosts than that of ``base``."""
    if block.kind != "p" or "<a " not in block.html or beside_links(block):
        return False
    return all(is_elsewhere(href, base) for href in _LINK.findall(block.html))


def offers(block: Block, base: str) -> list[str]:
    """The folded texts of its links to other hosts than that of ``base``."""
    links = _LINK.finditer(block.html) if "<a " in block.html else ()
    return [key(plain(link[0])) for link in links if is_elsewhere(link[1], base)]


def advert_among(blocks: Sequence[Block], base: str) -> Block | None:
    """The block with text that is taken for an advert, though nothing calls it one: the only paragraph that
    leads away, above or below all others. It is none behind a colon, nor where it corrects what was said."""
    away = [block for block in blocks if leads_away(block, base)]
    if len(away) != 1:
        # Who names several places gives them to be read.
        return None
    (found,) = away
    texts = [block for block in blocks if block is found or not is_passing(block.key)]
    if len(texts) < 2 or _CORRECTS.search(found.key):
        return None
    if texts[0] is found:
        return found
    return found if texts[-1] is found and texts[-2].text[-1] not in ":：" else None
