"""What the process loads that workers are forked from: all that a first document needs, and no more."""

from __future__ import annotations

import subprocess
import sys

import pytest

SERVER = "aggregator.normalize.forkserver"


def run(program: str) -> str:
    # The server ends without flushing what it wrote.
    done = subprocess.run(
        [sys.executable, "-u", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


LOADED = f"""
import sys
import {SERVER} as server

print(server.read_first(), "Stemmer" in sys.modules, "numpy" in sys.modules)
"""


def test_a_first_document_was_read_and_no_model_loaded_for_it() -> None:
    assert run(LOADED) == "True True False"


ASKED = f"""
import sys
import {SERVER} as server

before = set(sys.modules)
asked = []
sys.addaudithook(lambda event, _: asked.append(event))
server.read_first()
print([one for one in asked if one.startswith(("open", "socket", "subprocess", "os.", "import"))])
"""


def test_a_document_like_it_needs_no_file_and_no_network() -> None:
    assert run(ASKED) == "[]"


FAILS = """
import aggregator.normalize.reading as reading

def fail(*_args, **_given):
    raise {error}

reading.read = fail
import {server} as server

print("serves", server.read_first())
"""


@pytest.mark.parametrize(
    "error", ["MemoryError", "RecursionError", "OSError(28, 'full')", "ImportError", "ValueError"]
)
def test_a_server_that_cannot_read_it_serves(error: str) -> None:
    assert run(FAILS.format(error=error, server=SERVER)) == "serves False"
