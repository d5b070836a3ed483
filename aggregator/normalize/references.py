"""References of XML: to what they stand for, and those that stand for no character.

One careless title is enough to hold such. Some programs write an emoji as its two halves in UTF-16
(``&#55357;&#56832;``). XML knows no such characters (section 4.1), and feedparser gives up the
whole document at the first of them.
"""

from __future__ import annotations

import re

# Halves of pairs, and numbers of which some are too large; every other one is left as it is.
_DOUBTFUL = (
    rb"&#(?:[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*5[5-7][0-9]{3}|[xX][0-9a-fA-F]{6,}|[0-9]{7,});"
)
_RUN = re.compile(rb"(?:" + _DOUBTFUL + rb")+")
_ONE = re.compile(rb"&#([^;]+);")
_REPLACEMENT, _LAST = 0xFFFD, 0x10FFFF
# Of more digits, zeros before them left out, is no number of a character.
_LONGEST = 8
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|([a-z]+));")
_NAMED = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}


def repaired(body: bytes) -> bytes:
    """The document with two halves joined, and U+FFFD in place of what stands for no character."""
    # (To look for one sign takes a tenth of the time.)
    return _RUN.sub(_joined, body) if b"#" in body and b"&#" in body else body


def _joined(run: re.Match[bytes]) -> bytes:
    numbers = [_number(one) for one in _ONE.findall(run[0])]
    found, at = list[int](), 0
    while at < len(numbers):
        pair = numbers[at : at + 2]
        if len(pair) == 2 and 0xD800 <= pair[0] < 0xDC00 <= pair[1] < 0xE000:
            found.append(0x10000 + ((pair[0] - 0xD800) << 10) + pair[1] - 0xDC00)
            at += 2
            continue
        bad = 0xD800 <= pair[0] < 0xE000 or pair[0] > _LAST
        found.append(_REPLACEMENT if bad else pair[0])
        at += 1
    return b"".join(b"&#x%X;" % one for one in found)


def _number(text: bytes) -> int:
    base = 16 if text[:1] in b"xX" else 10
    digits = text.lstrip(b"xX").lstrip(b"0") or b"0"
    return int(digits, base) if len(digits) <= _LONGEST else _LAST + 1


def resolved(text: str) -> str:
    """The text with its references resolved (XML 1.0, section 4.6)."""
    if "&" not in text:
        return text
    if "&#" in text:
        return _REFERENCE.sub(_sign, text)
    for name, sign in _NAMED.items():
        text = text.replace(f"&{name};", sign)
    return text


def _sign(found: re.Match[str]) -> str:
    hexadecimal, decimal, name = found.groups()
    if name:
        return _NAMED.get(name, found.group(0))
    return chr(int(hexadecimal, 16) if hexadecimal else int(decimal))
