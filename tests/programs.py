"""Programs from outside PyPI that a test needs: found, or skipped with the reason.

``AGGREGATOR_TEST_REQUIRE`` names those (with commas) that must be there: a test
that needs one of them then fails instead of being skipped.
"""

import os
import shutil

import pytest


def program(name: str) -> str:
    """The path of a program that this test needs, such as ``chromium``."""
    path = shutil.which(name)
    if path is not None:
        return path
    reason = f"{name} is not installed (on Debian: apt install {name.split('_')[0]})"
    if name in os.environ.get("AGGREGATOR_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{reason}, and AGGREGATOR_TEST_REQUIRE names it")
    pytest.skip(reason)
