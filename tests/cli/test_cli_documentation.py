"""docs/commands.md says what the commands say of themselves."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_commands_is_what_help_prints():
    """Mend with: python docs/make_commands.py"""
    script = "import runpy; print(runpy.run_path('docs/make_commands.py')['page'](), end='')"
    told = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stdout == (ROOT / "docs/commands.md").read_text("utf-8")
