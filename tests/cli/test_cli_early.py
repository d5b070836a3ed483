"""What begins to load before the command line is understood."""

import pytest

from aggregator.__main__ import _reads


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("collect", True),
        ("-C config collect --all", True),
        ("--config collect status", False),
        ("--config=config --verbose collect", True),
        ("-C collect collect", True),
        ("-C collect", False),
        ("collect --help", False),
        ("collect -h", False),
        ("collect --all --dry-run", False),
        ("search collect", False),
        ("status", False),
        ("", False),
    ],
)
def test_only_what_reads_documents_loads_what_reads_them(line, reads):
    assert _reads(line.split()) is reads
