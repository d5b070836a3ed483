"""Makes docs/images/topic-page.png: a topic's page of the demo, as desktop and phone show it.

Needs Chromium and what ``make install-test`` installs. Run ``python docs/make_picture.py``
after a change to the pages.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

_PICTURE = Path(__file__).parent / "images" / "topic-page.png"
_TOPIC = "topics/torres-coaching"
_FRAME = """<!doctype html><style>
body {{ margin: 0; padding: 32px; width: 1216px; display: flex; gap: 32px; background: #d9ded8; }}
img {{ display: block; border-radius: 12px; }}
</style><img src="{desktop}"><img src="{phone}">"""


@contextmanager
def _demo() -> Iterator[str]:
    """The address of a demo that goes on serving, as it does on a terminal."""
    ours, its = pty.openpty()
    demo = subprocess.Popen([sys.executable, "-m", "aggregator", "demo"], stdout=its, stderr=its)
    os.close(its)
    try:
        said = ""
        while "serving; Ctrl-C" not in said:
            said += os.read(ours, 4096).decode(errors="replace")
        found = re.search(rf"(http://[\d.:]+)/{_TOPIC}", said)
        assert found, said
        yield found[1]
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(20)


def _shot(
    browser: Browser, url: str, scheme: Literal["light", "dark"], width: int, height: int
) -> str:
    """The page in a window of this size, as the address of a picture."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(url)
    return f"data:image/png;base64,{b64encode(page.screenshot()).decode()}"


def main() -> None:
    with _demo() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        url = f"{base}/{_TOPIC}"
        desktop = _shot(browser, url, "light", 820, 828)
        phone = _shot(browser, url, "dark", 364, 828)
        page = browser.new_page(viewport={"width": 1280, "height": 892})
        page.set_content(_FRAME.format(desktop=desktop, phone=phone))
        page.screenshot(path=_PICTURE, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
