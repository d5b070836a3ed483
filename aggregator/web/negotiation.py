"""Which form of a document a client wants (RFC 9110, section 12.5). Pure, and remembered:
the same few readers come again and again with the same headers."""

from __future__ import annotations

from functools import lru_cache

HTML = "text/html"
_remembered = lru_cache(maxsize=200)


def parse(header: str) -> dict[str, float]:
    """The names of an Accept or Accept-Encoding header with their weights, 0 to 1."""
    weights: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                weight = _weight(value.strip())
        if name:
            weights[name.lower()] = weight
    return weights


def _weight(value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return min(max(weight, 0.0), 1.0) if weight == weight else 0.0


@_remembered
def preferred_type(header: str | None, offered: tuple[str, ...]) -> str:
    """The media type of ``offered`` that the Accept header likes best; the first where it does not say.

    Never refuses: a client that wants none of them is given the first
    (RFC 9110, section 12.4.1 allows it, and readers send odd headers).
    """
    if not header:
        return offered[0]
    weights = parse(header)
    best = max(offered, key=lambda media_type: _liking(media_type, weights))
    return best if _liking(best, weights) > 0 else offered[0]


@_remembered
def wants_page(header: str | None, media_type: str) -> bool:
    """Whether a client that asks for a feed's address would rather have a page for people.

    So it is with browsers, which name ``text/html`` above what else they take.
    Readers name feed types as high or higher, or nothing in particular.
    """
    if not header or HTML not in header.lower():
        return False
    weights = parse(header)
    others = ("application/xml", "application/json")
    rivals = (_liking(media_type, weights), *(weights.get(name, 0.0) for name in others))
    return weights.get(HTML, 0.0) > max(rivals)


def _liking(media_type: str, weights: dict[str, float]) -> float:
    family = media_type.partition("/")[0]
    for name in (media_type, f"{family}/*", "*/*"):
        if name in weights:
            return weights[name]
    return 0.0


@_remembered
def preferred_coding(header: str | None, offered: tuple[str, ...]) -> str:
    """The content coding of ``offered`` (best first) that is accepted, or "identity"."""
    if not header:
        return "identity"
    weights = parse(header)
    rest = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, rest), default="identity")
    weight = weights.get(best, rest)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else "identity"
