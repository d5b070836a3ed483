"""An article of the make that feeds bring: label, headline, standfirst, bullets, captions twice, furniture."""

from __future__ import annotations

from html import escape
from pathlib import Path

TITLE = "Fernando Torres swaps boots for a whistle as he takes the harbour side's reserves"
_OWN = f"""Soccer

{TITLE}

Fernando Torres begins his life as a coach with the reserves of Port Elling… and players are ‘thrilled’ by the first week of training

  • Fernando Torres has signed for two years as coach of the reserves
  • The former striker had looked after the under-16s since spring
  • Players are ‘thrilled’ by his first sessions
  • His first match in charge is on Saturday against Halden

Fernando Torres stood at the edge of a wet pitch on Monday morning, a whistle round his neck, and began the part of his life that he says he has been waiting for.

The club confirmed on Friday that the former striker will lead its reserves, after half a year in which he looked after the under-16s and finished his badges.

Fernando Torres watches the reserves train on Monday in the rain at the harbour ground

Fernando Torres watches the reserves train on Monday in the rain at the harbour ground

The players are said to be 'thrilled' by the new coach and his short, loud sessions

The players are said to be ‘thrilled’ by the new coach and his short, loud sessions

According to the local paper, Torres joined in with a drill for the forwards and scored four times before he stopped the session to talk about positions.

Saturday's match against Halden kicks off at three, and the club expects a crowd that its reserves have not seen in years.



READ NEWS SOURCE

This website uses cookies. By continuing to use this site, you accept our use of cookies."""

_SHARED = Path(__file__).parents[2] / "shared" / "seed-article.txt"


def articles() -> dict[str, str]:
    """Name → text: our own always, the shared one where it is there."""
    found = {"own": _OWN}
    if _SHARED.is_file():
        found["shared"] = _SHARED.read_text("utf-8")
    return found


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def forms(text: str) -> dict[str, str]:
    """The article as an entry's content, in the four ways that feeds deliver it."""
    rows = [escape(line, quote=False) for line in lines(text)]
    listed = [
        f"<ul><li>{row[1:].strip()}</li></ul>" if row.startswith("•") else f"<p>{row}</p>"
        for row in rows
    ]
    figures = "\n".join(listed)
    for row in captions(text):
        escaped = escape(row, quote=False)
        figures = figures.replace(
            f"<p>{escaped}</p>",
            f'<figure><img src="/i.jpg"/><figcaption>{escaped}</figcaption></figure>',
            1,
        )
    return {
        "paragraphs": "".join(f"<p>{row}</p>" for row in rows),
        "breaks": "<br/>\n".join(rows),
        "lists and figures": figures,
        "one text": text,
    }


def captions(text: str) -> list[str]:
    """The lines that stand there twice, by any kind of quotes: the first of each."""
    straight = str.maketrans("‘’“”", "''\"\"")
    seen: dict[str, str] = {}
    twice = []
    for line in lines(text):
        key = line.translate(straight)
        if key in seen and line != headline(text):
            twice.append(seen[key])
        seen.setdefault(key, line)
    return twice


def headline(text: str) -> str:
    return lines(text)[1]
