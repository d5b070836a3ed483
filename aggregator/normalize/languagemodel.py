"""py3langid's model of languages, mapped from a file: there at once, and once for all processes.

As the package keeps it, it takes each process half a second to unpack, and 80 MB of its own. So
what it comes to when it is unpacked is kept beside this module. Where nothing can be kept, it is
unpacked.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from py3langid import langid, modelio

from aggregator.model.compiled import kept_beside

Model = Mapping[str, Any]
"""The arrays that a classifier is made of, by the names below."""

_NAMES = ("features", "priors", "languages", "moves", "rows", "outputs")
_UNREADABLE = (OSError, ValueError, EOFError)
_PACKED = Path(langid.MODEL_DIR, langid.MODEL_FILE)


def classifier() -> langid.LanguageIdentifier:
    """One that answers as ``py3langid.classify`` does."""
    model = _mapped() or _unpacked()
    return langid.LanguageIdentifier(
        model["features"],
        model["priors"],
        model["languages"].tolist(),
        # A step takes three times as long in an array of NumPy's.
        memoryview(model["moves"]),
        memoryview(model["outputs"]),
        tk_row=model["rows"].tolist(),
    )


def _unpacked() -> Model:
    return dict(zip(_NAMES, map(np.asarray, modelio.load_model(_PACKED)), strict=True))


def _mapped() -> Model | None:
    """The model from where it is kept, which is done here if need be; None where it cannot be."""
    beside = kept_beside(Path(__file__))
    if beside is None:
        return None
    packed = _PACKED.stat()
    # Another version of the package has another model.
    kept = beside.with_name(f"{beside.stem}-{packed.st_size}-{packed.st_mtime_ns}")
    with suppress(*_UNREADABLE):
        return _read(kept)
    with suppress(*_UNREADABLE):
        return _kept_anew(kept, in_place_of=f"{beside.stem}-*")
    return None


def _read(kept: Path) -> Model:
    """What is kept. Raises OSError, ValueError, EOFError where it is not there or damaged."""
    return {name: np.load(kept / f"{name}.npy", mmap_mode="r") for name in _NAMES}


def _kept_anew(kept: Path, *, in_place_of: str) -> Model:
    """The model, which is written down, whole or not at all. Raises OSError."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.with_name(f"{Path(__file__).stem}.lock").open("w") as lock:
        # Who is killed leaves no lock; who comes second finds what the first has kept.
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(*_UNREADABLE):
            return _read(kept)
        for old in kept.parent.glob(in_place_of):
            shutil.rmtree(old)
        made = kept.with_name(f"{kept.name}.new")
        made.mkdir()
        for name, array in _unpacked().items():
            with (made / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                # A power cut must not leave a file that is of the right length and empty.
                file.flush()
                os.fsync(file.fileno())
        made.rename(kept)
        return _read(kept)
