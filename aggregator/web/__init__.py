"""Web: what is published, over HTTP. Answers GET and HEAD, changes nothing.

    request ─► Guard (host, method, headers) ─► address ─► Shelf (file, coding, validators) ─► answer

``create_app`` makes the application; ``serving`` binds a port and serves it in the
running loop, leaving signals to whoever owns the process.
"""

from aggregator.web.app import create_app
from aggregator.web.server import serving

__all__ = ["create_app", "serving"]
