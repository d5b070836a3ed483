"""What the process that workers are forked from loads: what reads documents, once for all of them."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
from datetime import UTC, datetime

from aggregator.model.feed import FeedIdentity

# It says in which language it is: the model of languages is for those who need it.
_FIRST = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>Harbour news</title><link>https://news.example/</link><language>en</language>
<item><guid>https://news.example/1</guid><link>https://news.example/1</link>
<title>The ferry sails again</title><author>ann@news.example (Ann)</author>
<category>Harbour</category><pubDate>Mon, 02 Nov 2026 10:30:17 +0000</pubDate>
<description>The ferry sails again after the storm, says &lt;b&gt;the harbour&lt;/b&gt;.</description>
<content:encoded><![CDATA[<p class="share">The ferry sails again after the storm, says
<a href="/2">the harbour&rsquo;s</a> master. "It was 12 hours late."</p><ul><li>All boats</li>
<li>Two piers</li></ul><figure><img src="/1.jpg" alt="A ferry"></figure><p>Read more</p>
<iframe src="https://www.youtube.com/embed/aaaaaaaaaaa"></iframe>]]></content:encoded></item>
</channel></rss>"""


def read_first() -> bool:
    """Read a small document: then patterns, the stemmer and what else is made at first use is there
    in whoever is forked. Returns whether it could be read; what fails is for a worker to tell."""
    with contextlib.suppress(Exception):
        from aggregator.normalize.reading import read

        document = read(
            _FIRST, content_type="application/rss+xml", url="https://news.example/rss",
            feed=FeedIdentity("news.example/rss"), seen=frozenset(),
            now=datetime(2026, 11, 2, 12, tzinfo=UTC), max_entries=1,
        )  # fmt: skip
        return bool(document.entries)
    return False


# What is loaded stays: to look through it for garbage takes a tenth of the time.
gc.disable()
# Pebble is what runs in a worker.
for name in ("pebble", "aggregator.normalize.reading"):
    importlib.import_module(name)
read_first()

# When it is needed no more it ends at once. Python would take apart first what was loaded, and
# whoever reads what our processes print would wait for it a tenth of a second longer.
atexit.register(os._exit, 0)
