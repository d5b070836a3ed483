"""Full text from pages, ours beside plain trafilatura: ``python benchmarks/fulltext.py [FOLDER]``.

FOLDER holds pages with their expected texts (``index.jsonl`` names them). Both see the
same bytes in the same run. How it is scored: ``tests/pagescores.py``. Milliseconds are
processor time a page.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import pagescores


def main() -> None:
    of = list(pagescores.pages(*map(Path, sys.argv[1:2])))
    if not of:
        sys.exit("there are no pages: give the folder that holds index.jsonl")
    print(f"{len(of)} pages\n\n| | precision | recall | F1 (four words) | F1 (words) | ms a page |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, extract in (("aggregator", pagescores.ours), ("trafilatura", pagescores.plain)):
        extract(of[0])
        began = time.process_time()
        texts = {page.name: extract(page) for page in of}
        spent = (time.process_time() - began) * 1000 / len(of)
        four, one = (pagescores.mean(lambda page, t=texts: t[page.name], of, n) for n in (4, 1))
        print(
            f"| {name} | {four.precision:.3f} | {four.recall:.3f} | {four.f1:.3f} | {one.f1:.3f} | {spent:.0f} |"
        )


if __name__ == "__main__":
    main()
