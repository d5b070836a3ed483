"""What the process that workers are forked from loads: what reads documents, once for all of them."""

from __future__ import annotations

import atexit
import os

from aggregator.normalize import reading

__all__ = ["reading"]

# When it is needed no more it ends at once. Python would take apart first what was loaded, and
# whoever reads what our processes print would wait for it a tenth of a second longer.
atexit.register(os._exit, 0)
