"""Documents that are not the UTF-8 they say they are → UTF-8.

Either all of one is in the charset its program wrote before everybody had UTF-8, or some of its
texts are; or it is UTF-8 but for some bytes: a character cut in half, a name pasted from elsewhere.
Each run of bytes beyond ASCII tells for itself where it can, so that a text is read the same
whatever stands beside it: hardly one of another encoding is valid UTF-8 from its first byte to its
last. A single sign may be; what the runs around it are decides then, and where they do not say the
document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cached_property

from aggregator.normalize.charsets import (
    WESTERN,
    is_for,
    is_foreign,
    is_latin,
    language_of,
    page_declared,
    page_of,
    signs_of,
    wide_page,
    wide_pages,
)
from aggregator.normalize.decoding import (
    RARE,
    codec,
    declared_codec,
    decoded,
    fits,
    is_of_one_byte,
    nearly_in,
)

_RUN = re.compile(rb"[\x80-\xff]+")
_BEYOND = bytes(range(0x80, 0x100))
_SIGN = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CUT = re.compile(rb"[\xc2-\xf4]|[\xe0-\xef][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{1,2}")
_WHOLE = 0.9
"""The share of a run that signs of UTF-8 must be."""
_PUNCTUATION = range(0x2000, 0x2070)
_SYMBOLS = range(0x2600, 0x27C0)
_EMOJI = 0xFE0F
_PLANES = 0x10000
# How quotes, dashes and emoji begin, which in no code page is a part of a word.
_NO_WORDS = (b"\xe2\x80", b"\xf0\x9f")
_HARDLY_WORDS = (b"\xe2", b"\xef\xb8", b"\xef\xbb", b"\xef\xbf")
_FEW = 20
"""One run in so many is no chance."""
TORN = "not all of it is UTF-8, as it should be"


def belies(body: bytes, charset: str) -> bool:
    """Whether a document is in UTF-8 for the most part, and not in the charset that it declares and
    could be in. One of one byte a sign fits whatever a document is in, but hardly a run of texts in
    it is UTF-8; of the signs of two bytes in other charsets many are."""
    ascii_only = len(body.translate(None, _BEYOND))
    signs = len(body.decode("utf-8", "ignore").encode()) - ascii_only
    share = signs / max(1, len(body) - ascii_only)
    if not is_of_one_byte(declared_codec(charset)):
        return share > _WHOLE
    if share * _FEW < 1:
        # So it is with what is in a code page, and soon told.
        return False
    runs = Counter(_RUN.findall(body))
    return _is_most(_like_utf8(runs), runs)


def in_utf8(body: bytes, declared: Sequence[str] = ()) -> tuple[bytes, str] | None:
    """A document that is not in UTF-8 and in no charset of those that it declares, as UTF-8, and the
    sentence that says so, if any. None where the parser reads it right: as Windows-1252.

    A sign or two that a declared charset lacks are torn, and it is in that charset.
    """
    tag = language_of(body)
    runs = Counter(_RUN.findall(body))
    like = _like_utf8(runs)
    utf8 = _is_most(like, runs)
    wide = wide_pages(tag)
    likely = [name for name in declared if is_for(declared_codec(name), tag)]
    if not utf8 and (near := nearly_in(likely, body, strict=not wide)):
        return near
    if wide and (found := _read_wide(body, wide, _Texts(runs, WESTERN, tag, utf8=utf8, wide=True))):
        return found
    others = [run for run in runs if run not in like]
    page, by_letters = (WESTERN, False) if wide else page_of(tag, others, body)
    if page == WESTERN and not utf8 and (near := nearly_in(declared, body, one_in=RARE)):
        return near
    if page == WESTERN and utf8 and not wide:
        page = page_declared(declared, tag)
    texts = _Texts(runs, page, tag, utf8=utf8, wide=bool(wide))
    if utf8:
        return texts.read(body), TORN
    return _in_page(body, texts, page, by_letters)


def _in_page(body: bytes, texts: _Texts, page: str, by_letters: bool) -> tuple[bytes, str] | None:
    if texts.is_mixed:
        read = texts.read(body)
        if page != WESTERN:
            return read, _told(page, by_letters)
        if read != _read_as(page, body):
            return read, TORN
    elif page != WESTERN:
        return _read_as(page, body), _told(page, by_letters)
    # Of one with a byte that is nothing there, the parser would make ISO-8859-2.
    return None if fits(body, "cp1252") else (_read_as(page, body), _told(page))


def _like_utf8(runs: Iterable[bytes]) -> set[bytes]:
    return {run for run in runs if _SIGN.search(run) and _looks_like_utf8(run)}


def _is_most(like: Iterable[bytes], runs: Counter[bytes]) -> bool:
    return sum(map(runs.__getitem__, like)) * 2 > runs.total()


def _told(page: str, by_letters: bool = False) -> str:
    known = "letters" if by_letters else "language"
    return f"it is not UTF-8, as it should be; by its {known} it was read as {page}"


def _looks_like_utf8(run: bytes) -> bool:
    """Whether it is, but for a sign or two: those of a text without blanks stand in long runs."""
    return len(_SIGN.sub(b"", run)) <= (1 - _WHOLE) * len(run)


def _as_utf8(run: bytes) -> str | None:
    """What a run of bytes says in UTF-8, also where each half of a pair was written by itself."""
    try:
        return run.decode()
    except UnicodeDecodeError:
        pass
    try:
        return (
            run.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
        )
    except UnicodeDecodeError:
        return None


def _read_as(page: str, body: bytes) -> bytes:
    return decoded(page, body).encode()


def _read_wide(body: bytes, pages: tuple[str, ...], texts: _Texts) -> tuple[bytes, str] | None:
    """A document in a language of many signs, where what is no UTF-8 is in a charset for them.

    It is taken apart at ``<``, which is no half of a sign in any of these.
    """
    pieces = body.split(b"<")
    own = [piece.isascii() or texts.is_own(piece) for piece in pieces]
    page = wide_page(pages, b"<".join(p for p, it in zip(pieces, own, strict=True) if not it))
    if not page:
        return None
    read = (
        texts.piece(piece) if it else _read_as(page, piece)
        for piece, it in zip(pieces, own, strict=True)
    )
    return b"<".join(read), TORN if texts.utf8 else _told(page)


class _Kind(IntEnum):
    """What a run is by itself: UTF-8 for sure, one sign of it that fits the language, or signs that
    do not; UTF-8 but for some of it, the first bytes of a sign, or none of this."""

    SURE = 5
    LIKELY = 4
    ODD = 3
    DAMAGED = 2
    CUT = 1
    NONE = 0


class _Texts:
    """The texts of a document that is UTF-8 in most of its runs, or is not; the others are in a code
    page. ``wide``: its language has thousands of signs, and its letters are not those of the page."""

    def __init__(
        self, runs: Counter[bytes], page: str, lang: str, *, utf8: bool, wide: bool
    ) -> None:
        self.utf8 = utf8
        self._runs = runs
        self._page = page
        self._lang = lang
        self._wide = wide
        self._latin = is_latin(page) and not wide
        self._signs = signs_of(page)
        self._kinds: dict[bytes, _Kind] = {}
        self._cuts: dict[tuple[bytes, bytes, bytes, bool, bool], bytes] = {}

    def read(self, body: bytes) -> bytes:
        """All of a document. Between two tags it is of one hand."""
        return b"<".join(map(self.piece, body.split(b"<")))

    @cached_property
    def is_mixed(self) -> bool:
        """Whether anything may be UTF-8 in a document that is not."""
        return self._is_ascii or any(
            run.startswith(_NO_WORDS)
            or (_SIGN.search(run) and (self._is_text(run) or _holds_text(run)))
            for run in self._runs
        )

    @cached_property
    def _is_ascii(self) -> bool:
        """Whether nothing is in it beyond ASCII that can be no UTF-8, cut in half or not."""
        return all(self._kind(run) not in (_Kind.NONE, _Kind.DAMAGED) for run in self._runs)

    def is_own(self, piece: bytes) -> bool:
        """Whether a text in a language of many signs is UTF-8, if not all of it. Two signs of two
        bytes in another charset may be valid by chance; in three they are rare ones there."""
        runs = _RUN.findall(piece)
        signs = [sign for run in runs for sign in _SIGN.findall(run)]
        if all(_as_utf8(run) is not None for run in runs):
            return self.utf8 or len(signs) > 3 or any(len(sign) > 2 for sign in signs)
        if not self.utf8:
            return all(map(_looks_like_utf8, runs))
        return sum(map(len, signs)) * 2 >= sum(map(len, runs))

    def piece(self, piece: bytes) -> bytes:
        """The text between two tags, as UTF-8."""
        if piece.isascii() or (self.utf8 and fits(piece, "utf-8")):
            return piece
        kinds = [self._kind(run) for run in _RUN.findall(piece)]
        # Most texts are all of a kind, but for words of a letter.
        if max(kinds) <= _Kind.CUT and (_Kind.CUT not in kinds or not self._may_be_torn(piece)):
            return _read_as(self._page, piece)
        if min(kinds) >= _Kind.LIKELY and _Kind.SURE in kinds and b"\xed" not in piece:
            return piece
        texts = sum(kind >= _Kind.LIKELY for kind in kinds)
        others = kinds.count(_Kind.NONE)
        # One sign alone proves nothing where there is no other.
        own = texts > others and (texts > 1 or _Kind.SURE in kinds or self._is_common)
        foreign = others > texts
        parts: list[bytes] = []
        at = 0
        for number, (run, kind) in enumerate(zip(_RUN.finditer(piece), kinds, strict=True)):
            if kind == _Kind.CUT:
                alone = _Kind.NONE not in kinds[max(0, number - 1) : number + 2]
                around = (
                    piece[max(0, run.start() - 1) : run.start()],
                    piece[run.end() : run.end() + 1],
                )
                read = self._cut(run[0], *around, self.utf8 or own, alone)
            else:
                read = self._read(run[0], kind, own=own, foreign=foreign)
            if read is not run[0]:
                parts += piece[at : run.start()], read
                at = run.end()
        return b"".join((*parts, piece[at:]))

    def _cut(self, run: bytes, before: bytes, after: bytes, own: bool, alone: bool) -> bytes:
        told = (run, before, after, own, alone)
        if told not in self._cuts:
            torn = self._is_torn(*told)
            self._cuts[told] = "\ufffd".encode() if torn else _read_as(self._page, run)
        return self._cuts[told]

    def _may_be_torn(self, piece: bytes) -> bool:
        return self.utf8 or self._is_ascii or any(begun in piece for begun in _NO_WORDS)

    def _read(self, run: bytes, kind: _Kind, *, own: bool, foreign: bool) -> bytes:
        if kind == _Kind.ODD:
            utf8 = own or (self.utf8 and not foreign)
        elif kind == _Kind.DAMAGED:
            utf8 = own or self.utf8 or _holds_text(run)
        else:
            utf8 = kind == _Kind.SURE or (kind == _Kind.LIKELY and (own or self.utf8))
        if not utf8:
            return _read_as(self._page, run)
        if kind == _Kind.DAMAGED:
            return run.decode("utf-8", "replace").encode()
        # The halves of a pair begin with this.
        return (_as_utf8(run) or "").encode() if b"\xed" in run else run

    def _kind(self, run: bytes) -> _Kind:
        kind = self._kinds.get(run)
        if kind is None:
            kind = self._kinds[run] = self._kind_of(run)
        return kind

    def _kind_of(self, run: bytes) -> _Kind:
        if not _SIGN.search(run):
            # One byte is a letter of the page as well, if no sign that is to be expected begins so.
            begins = len(run) < 4 and _CUT.fullmatch(run)
            whole = len(run) > 1 or run in self._known or run in self._begun
            return _Kind.CUT if begins and whole else _Kind.NONE
        text = _as_utf8(run)
        if text is None:
            return _Kind.DAMAGED if self._is_damaged(run) else _Kind.NONE
        if len(text) == 1:
            if not self._is_known(text):
                return _Kind.ODD
            return _Kind.SURE if ord(text) >= _PUNCTUATION.start else _Kind.LIKELY
        if self._latin or self._wide or self._signs.issuperset(text):
            return _Kind.SURE
        return _Kind.SURE if sum(map(self._is_known, text)) * 2 >= len(text) else _Kind.ODD

    def _is_damaged(self, run: bytes) -> bool:
        """Whether signs of the language are half of a run, or all but the first bytes of one: a few
        letters of a code page may be a sign by chance."""
        rest = _SIGN.sub(b"", run)
        if len(rest) * 2 > len(run) and not _CUT.fullmatch(rest):
            return False
        # Halves of a pair, and what is written longer than it need be, are no signs.
        signs = filter(None, (sign.decode("utf-8", "ignore") for sign in _SIGN.findall(run)))
        return self._latin or self._wide or any(map(self._is_known, signs))

    def _is_known(self, sign: str) -> bool:
        return (
            sign in self._signs
            or _is_of_all(sign)
            or (self._wide and ord(sign) > _PUNCTUATION.start)
        )

    def _is_text(self, run: bytes) -> bool:
        return self._kind(run) >= _Kind.LIKELY

    @cached_property
    def _is_common(self) -> bool:
        texts = sum(map(self._runs.__getitem__, self._texts))
        return texts * _FEW >= self._runs.total()

    @cached_property
    def _texts(self) -> list[bytes]:
        """The runs that are UTF-8."""
        return [run for run in self._runs if _SIGN.search(run) and self._is_text(run)]

    @cached_property
    def _letters(self) -> frozenset[str]:
        """Those that the document has, in both cases."""
        found = set("".join(_as_utf8(run) or "" for run in self._texts))
        return frozenset(cased for sign in found for cased in (sign.lower(), sign.upper()))

    @cached_property
    def _begun(self) -> frozenset[bytes]:
        """How the signs begin that the document has."""
        return _beginnings(_SIGN.findall(b" ".join(self._texts)))

    @cached_property
    def _known(self) -> frozenset[bytes]:
        """How the signs begin that are to be expected in it."""
        return _beginnings(sign.encode() for sign in (*self._signs, "😀"))

    def _is_torn(self, begun: bytes, before: bytes, after: bytes, own: bool, alone: bool) -> bool:
        """Whether the first bytes of a sign are that, and no letters of the code page.

        Of one byte letters tell: Å begins a word, and no Ã stands behind a small letter. ``own``: the
        text is UTF-8; ``alone``: no other run near it is in the code page.
        """
        known = begun in self._known or begun in self._begun
        if len(begun) > 1:
            return begun.startswith(_NO_WORDS) or (
                own and (known or begun.startswith(_HARDLY_WORDS))
            )
        letter = begun.decode(codec(self._page), "replace")
        own = own or self._is_ascii
        if letter.isupper() and before.islower():
            return known and own
        if not own or not alone or not (begun in self._begun or (known and self._is_ascii)):
            return False
        if self._wide:
            return not before.islower()
        if not self._latin or (letter == "Ã" and after.islower()):
            return True
        if letter.isupper() and is_foreign(letter, self._lang) and letter not in self._letters:
            return True
        return not after.isalpha() and not (letter.isupper() and before.isupper())


def _is_of_all(sign: str) -> bool:
    """Whether a sign may stand in a text of any language, and its bytes in no code page."""
    number = ord(sign)
    return number in _PUNCTUATION or number in _SYMBOLS or number == _EMOJI or number >= _PLANES


def _holds_text(run: bytes) -> bool:
    """Whether a run is UTF-8 but for some of it, as far as it tells itself."""
    return _looks_like_utf8(run) or any(_is_of_all(sign) for sign in run.decode("utf-8", "ignore"))


def _beginnings(signs: Iterable[bytes]) -> frozenset[bytes]:
    return frozenset(sign[:end] for sign in set(signs) for end in range(1, len(sign)))
