"""py3langid's model of languages, mapped from a file: there at once, and once for all processes.

As the package keeps it, it takes each process half a second to unpack, and 80 MB of its own. So
what it comes to when it is unpacked is kept beside this module. Where nothing can be kept, it is
unpacked.
"""

from __future__ import annotations

import errno
import fcntl
import lzma
import os
import shutil
import tempfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from time import time
from typing import Any

import numpy as np
from py3langid import langid

from aggregator.model.compiled import kept_beside

_NAMES = ("ptc", "pc", "classes", "nextmove", "nextmove_row", "out_feat")
_PACKED = Path(langid.MODEL_DIR, langid.MODEL_FILE)
# What is found where the package has its model in another form.
_OTHERWISE = (KeyError, EOFError, lzma.LZMAError, zipfile.BadZipFile)
# Who starts would wait 25 ms for all of it to be read: that is done once a day, and after a change.
_SUMS = "sums"
_CHECKED_SECONDS = 86_400
_PIECE = 1 << 20
# What a model that is sound knows: between two checks, one that was damaged on its disk finds another
# language as a rule, or fails.
_SENTENCES = {
    "en": "The ferry sails again after the storm, and the harbour is open to all boats.",
    "de": "Die Fähre fährt nach dem Sturm wieder, und der Hafen ist für alle Boote offen.",
    "ru": "Паром снова ходит после шторма, и гавань открыта для всех лодок.",
    "ja": "嵐の後、フェリーは再び運航し、港はすべての船に開かれています。",
}
# What is kept of another version of the package, or of one beside this one, stays so long.
_OTHERS_SECONDS = 30 * 86_400.0


def classifier() -> langid.LanguageIdentifier:
    """One that answers as ``py3langid.classify`` does. Raises MemoryError."""
    beside = kept_beside(Path(__file__))
    if beside is not None:
        with suppress(OSError, *_OTHERWISE):
            packed = _PACKED.stat()
            # Another version of the package has another model.
            kept = beside.with_name(f"{beside.stem}-{packed.st_size}-{packed.st_mtime_ns}")
            if (found := _mapped(kept) or _kept_anew(kept, of_all=f"{beside.stem}-*")) is not None:
                return found
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)


def _made_of(
    ptc: Any, pc: Any, classes: Any, nextmove: Any, nextmove_row: Any, out_feat: Any
) -> langid.LanguageIdentifier:
    # A step takes three times as long in an array of NumPy's.
    moves, outputs = memoryview(nextmove), memoryview(out_feat)
    rows = nextmove_row.tolist()
    return langid.LanguageIdentifier(ptc, pc, classes.tolist(), moves, outputs, tk_row=rows)


def _mapped(kept: Path) -> langid.LanguageIdentifier | None:
    """What is kept, mapped; None where it is not there or damaged. Raises MemoryError."""
    try:
        if not _is_as_made(kept):
            return None
        made = _made_of(*(np.load(kept / f"{name}.npy", mmap_mode="r") for name in _NAMES))
        sound = all(made.classify(text)[0] == lang for lang, text in _SENTENCES.items())
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError from error
        return None
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - what is damaged fails in any way
        return None
    return made if sound else None


def _is_as_made(kept: Path) -> bool:
    """Whether the files are what was unpacked. Not all is read where none was written since it last was,
    a day ago at the most; where that cannot be noted, not every day. Raises OSError, ValueError,
    KeyError."""
    sums = kept / _SUMS
    told = dict(line.split() for line in sums.read_text().splitlines())
    files = {kept / f"{name}.npy": int(told[name]) for name in _NAMES}
    checked, changed = sums.stat().st_mtime_ns, max(file.stat().st_mtime_ns for file in files)
    lately = time() - checked / 1e9 < _CHECKED_SECONDS or not os.access(sums, os.W_OK)
    if changed <= checked and lately:
        return True
    if any(_sum_of(file) != made for file, made in files.items()):
        return False
    with suppress(OSError):
        at = max(changed, int(time() * 1e9))
        os.utime(sums, ns=(at, at))
    return True


def _sum_of(path: Path) -> int:
    # What is mapped to be read would count as memory of this process.
    found, piece = 0, memoryview(bytearray(_PIECE))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(piece):
            found = zlib.crc32(piece[:size], found)
    return found


def _kept_anew(kept: Path, *, of_all: str) -> langid.LanguageIdentifier | None:
    """The model written down, whole or not at all, and mapped. Raises OSError, MemoryError."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.with_name(f"{Path(__file__).stem}.lock").open("w") as lock:
        # Who is killed leaves no lock; who comes second finds what the first has kept.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := _mapped(kept)) is not None:
            return found
        made = kept.with_name(f"{kept.name}.new")
        for old in kept.parent.glob(of_all):
            if old in {kept, made} or time() - old.stat().st_mtime > _OTHERS_SECONDS:
                shutil.rmtree(old)
        try:
            made.mkdir()
            _unpack(made)
            made.rename(kept)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return _mapped(kept)


def _unpack(folder: Path) -> None:
    """The arrays of the package's model, an archive of them in LZMA, as files that can be mapped: piece
    by piece, since all of it takes 100 MB. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder) as plain:
        with lzma.open(_PACKED) as packed:
            shutil.copyfileobj(packed, plain)
        with zipfile.ZipFile(plain) as arrays:
            for name in _NAMES:
                with (
                    arrays.open(f"{name}.npy") as array,
                    (folder / f"{name}.npy").open("wb") as file,
                ):
                    shutil.copyfileobj(array, file)
                    # A power cut must not leave a file that is of the right length and empty.
                    file.flush()
                    os.fsync(file.fileno())
            sums = (f"{name} {arrays.getinfo(f'{name}.npy').CRC}\n" for name in _NAMES)
            (folder / _SUMS).write_text("".join(sums))
