"""The trees of queries, kept in a file: topics of before need not be parsed at each start.

To load what parses takes as long as to parse some hundreds of queries, and nobody edits topics
between most starts. What is kept is of this very program, and whole, or it is not looked at.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp

import msgspec
from msgspec import Raw, Struct

from aggregator import __version__
from aggregator.query.tree import Node

_DIGEST = sha256().digest_size
_TREE: msgspec.msgpack.Decoder[Node] = msgspec.msgpack.Decoder(Node)


class _File(Struct, frozen=True, array_like=True):
    made_by: str
    trees: dict[str, Raw]
    """By the text of the query."""


_FILE = msgspec.msgpack.Decoder(_File)


class KeptTrees:
    """What a file keeps, as it was when this was made: nothing where there is none, or another's."""

    def __init__(self, file: Path) -> None:
        self._trees: Mapping[str, Raw] = {}
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            data = memoryview(file.read_bytes())
            if sha256(data[_DIGEST:]).digest() == data[:_DIGEST]:
                kept = _FILE.decode(data[_DIGEST:])
                self._trees = kept.trees if kept.made_by == _program() else {}

    def get(self, text: str) -> Node | None:
        """The tree of a query; None where it is not kept."""
        kept = self._trees.get(text)
        return None if kept is None else _TREE.decode(kept)

    def __contains__(self, text: str) -> bool:
        return text in self._trees

    def __len__(self) -> int:
        return len(self._trees)


def keep_trees(file: Path, trees: Mapping[str, Node]) -> None:
    """Keep these and no others. Where the folder is not there, or nothing can be written, nothing is
    kept: what is lost is a moment at the next start."""
    encode = msgspec.msgpack.encode
    kept = _File(_program(), {text: Raw(encode(tree)) for text, tree in trees.items()})
    data = encode(kept)
    with contextlib.suppress(OSError):
        # Of the owner alone: private topics' queries are in it.
        handle, name = mkstemp(prefix=f".{file.name}-", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(sha256(data).digest() + data)
            os.replace(name, file)  # noqa: PTH105  (a path would be made for it)
        except BaseException:
            os.unlink(name)  # noqa: PTH108
            raise


def _program() -> str:
    """What makes trees: this version of Python, of the program, and the files of this folder as
    Python tells whether its own are of now, by size and time."""
    with os.scandir(Path(__file__).parent) as files:
        seen = sorted(
            (one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in files if one.is_file()
        )
    return sha256(repr((sys.hexversion, __version__, seen)).encode()).hexdigest()
