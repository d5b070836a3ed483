"""Types that travel between rooms, and the errors. Sees no other room.

``feed`` (Subscription, Feed, Response) → ``entry`` (Document, Entry) → ``batch``
(Fetched, Known, Change, Settled, Batch) → ``topic`` (Topic, Hit, Page);
``settings``, ``errors``, ``time``.
"""
