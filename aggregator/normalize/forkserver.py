"""What the process that workers are forked from loads: what reads documents, once for all of them."""

from __future__ import annotations

import atexit
import gc
import importlib
import os

# What is loaded stays: to look through it for garbage takes a tenth of the time.
gc.disable()
# Pebble is what runs in a worker.
for name in ("pebble", "aggregator.normalize.reading"):
    importlib.import_module(name)

# When it is needed no more it ends at once. Python would take apart first what was loaded, and
# whoever reads what our processes print would wait for it a tenth of a second longer.
atexit.register(os._exit, 0)
