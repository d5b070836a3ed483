"""aggregator: collects feeds, archives every entry for good, publishes topic feeds.

The rooms, in the order an entry passes them (imports go only to the right;
rooms between ``|`` never see each other)::

    cli → daemon → web → pipeline
        → config | collect | normalize | archive | topics | publish
        → query → model

Read :mod:`aggregator.pipeline` first: it tells the walk of one entry.
"""

__version__ = "0.1.0"
