"""Where what is made of a file of the package is kept: beside it, as Python keeps its modules."""

from __future__ import annotations

import sys
from importlib.util import cache_from_source
from pathlib import Path


def kept_beside(file: Path) -> Path | None:
    """The file in ``__pycache__`` (or below ``sys.pycache_prefix``) that keeps what is made of
    ``file`` for this version of Python; None where Python is told to keep nothing (PEP 3147)."""
    if sys.dont_write_bytecode:
        return None
    return Path(cache_from_source(file)).with_suffix(file.suffix)
