"""What Python makes of the names of charsets, and documents that are in one but for a sign or two."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache

# Python has no other name for the first; the others are what is really written under the name.
_CODECS = {"Windows-874": "cp874", "Big5": "cp950", "Shift_JIS": "cp932", "EUC-KR": "cp949"}
# What declared names stand for, as feedparser has it.
_WIDER = {"gb2312": "gb18030"}
# Declared names that Python does not know.
_ALIASES = {
    "x-sjis": "cp932", "windows-31j": "cp932", "x-euc-jp": "euc_jp", "windows-949": "cp949",
    "x-gbk": "gbk", "windows-874": "cp874", "iso-8859-8-i": "iso8859-8",
}  # fmt: skip
# Where signs are looked up that a charset lacks, since programs write more than there is in it.
_BEYOND_IT = {
    "shift_jis": ("cp932",),
    "euc_jp": (),
    "euc_kr": ("cp949",),
    "big5": ("cp950", "big5hkscs"),
    "cp950": ("big5hkscs",),
    "gbk": ("gb18030",),
}
_OF_MANY = {"cp932", "cp949", "big5hkscs", "gb18030", *_BEYOND_IT}
_FAMILY = {
    "gb2312": "gb18030", "gbk": "gb18030", "cp949": "euc_kr", "cp932": "shift_jis",
    "cp950": "big5", "big5hkscs": "big5",
}  # fmt: skip
_MOSTLY = 4
"""Of so many signs one may be none of those that a charset has by its rules."""
_ANYWAY = 1000
"""So many signs are looked up however few the others are."""

RARE = 10
"""Of so many signs one may be none of the common ones: of Big5, two in five are none of these."""
TORN_IN = 50
"""Of so many signs one may be torn."""
_BESIDE = re.compile(r"[^\0-\x7f]{2,}")


def codec(page: str) -> str:
    """What Python calls a charset."""
    return _CODECS.get(page) or _WIDER.get(page, page)


def fits(body: bytes, charset: str) -> bool:
    """Whether a document can be in a charset."""
    try:
        body.decode(codec(charset))
    except (UnicodeError, LookupError):
        return False
    return True


def declared_codec(name: str) -> str:
    """The one name by which Python knows a declared charset; "" where it knows none."""
    name = name.lower()
    try:
        return codecs.lookup(_ALIASES.get(name) or _WIDER.get(name, name)).name
    except LookupError:
        return ""


def family(charset: str) -> str:
    """The charset, as Python names it, that another is a part or an extension of."""
    return _FAMILY.get(charset, charset)


def is_of_many(charset: str) -> bool:
    """Whether a charset, as Python names it, is one of Chinese, Japanese or Korean."""
    return charset in _OF_MANY


def is_of_one_byte(charset: str) -> bool:
    """Whether each byte is a sign of its own in a charset, as Python names it."""
    try:
        signs = bytes(range(0x80, 0x100)).decode(charset, "replace")
    except (UnicodeError, LookupError):
        return False
    return len(signs) == 0x80 and not signs.startswith("\ufffd" * 0x80)


def decoded(charset: str, body: bytes) -> str:
    """Bytes as text, with U+FFFD for what is no sign.

    A sign that the charset lacks is read as what is really written under its name. The others are
    not: where these differ in a wave dash or a pound, a text would change with what stands beside it.
    """
    name = codec(charset)
    looked_up = codecs.lookup(name).name in _BEYOND_IT
    return body.decode(name, _LOOKED_UP if looked_up else "replace")


_LOOKED_UP = "aggregator.looked-up"


def _look_up(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    at = error.start
    sign, length = _sign_beyond(error.encoding, error.object[at : at + 4])
    return (sign, at + length) if sign else ("\ufffd", error.end)


codecs.register_error(_LOOKED_UP, _look_up)


@lru_cache(4096)
def _sign_beyond(charset: str, begun: bytes) -> tuple[str, int]:
    """The sign that bytes begin with, where a charset lacks it, and how many they are; "" for none."""
    if charset == "euc_jp":
        return _of_microsoft(begun[:2]), 2
    for wider in _BEYOND_IT[charset]:
        for length in (2, 4) if wider == "gb18030" else (2,):
            sign = begun[:length].decode(wider, "ignore") if len(begun) >= length else ""
            if len(sign) == 1 and not sign.isascii():
                return sign, length
    return "", 0


def _of_microsoft(pair: bytes) -> str:
    """A sign in the rows that only Microsoft's EUC-JP has, which are those of its Shift_JIS."""
    if len(pair) < 2 or min(pair) <= 0xA0:
        return ""
    row, cell = pair[0] - 0xA0, pair[1] - 0xA0
    first = (row + 1) // 2 + (0x80 if row < 63 else 0xC0)
    second = cell + (0x9E if row % 2 == 0 else 0x3F if cell < 64 else 0x40)
    return bytes((first, second)).decode("cp932", "ignore")


def nearly_in(
    declared: Iterable[str], body: bytes, *, one_in: int = TORN_IN, strict: bool = False
) -> tuple[bytes, str] | None:
    """What ``nearly`` makes of a document by the first charset it declares that it is in, as UTF-8,
    and the sentence that says what is torn, if anything; None where it is in none of them."""
    for name in declared:
        if text := nearly(declared_codec(name), body, one_in=one_in, strict=strict):
            torn = "\ufffd" in text
            return text.encode(), f"not all of it is {name}, as it says" if torn else ""
    return None


def nearly(charset: str, body: bytes, *, one_in: int = TORN_IN, strict: bool = False) -> str:
    """A document in a charset that it declares, but for a torn sign in so many; "" where it is in
    another. ``charset`` is as Python names it; UTF-8 is none of those that can be told so.

    ``strict``: what is looked up counts as torn. With all that programs wrote in Big5, it takes
    GB 18030 for its own.
    """
    many = is_of_many(charset)
    if not (many or is_of_one_byte(charset)):
        return ""
    text, torn, signs = counted(charset, body)
    if strict:
        torn = body.decode(charset, "replace").count("\ufffd")
    fine = torn * one_in <= signs and (not many or beside(text) * 2 > signs)
    return text if fine else ""


def counted(charset: str, body: bytes) -> tuple[str, int, int]:
    """A document in a charset, and how many of its signs beyond ASCII are torn, of how many."""
    text = body.decode(codec(charset), "replace")
    torn, signs = text.count("\ufffd"), _signs_in(text)
    if 0 < torn * _MOSTLY <= max(signs, _ANYWAY * _MOSTLY):
        text = decoded(charset, body)
        torn, signs = text.count("\ufffd"), _signs_in(text)
    return text, torn, signs


def _signs_in(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def beside(text: str) -> int:
    """How many signs beyond ASCII stand beside others."""
    return sum(map(len, _BESIDE.findall(text)))
