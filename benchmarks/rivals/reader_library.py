"""lemon24's reader: the feeds added, updated with 8 workers, the search index updated too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from newsroom import url_of
from reader import make_reader

database, port, feeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

if __name__ == "__main__":
    reader = make_reader(database)
    for number in range(feeds):
        reader.add_feed(url_of(number, port), exist_ok=True)
    reader.enable_search()
    reader.update_feeds(workers=8, scheduled=False)
    reader.update_search()
    print(reader.get_entry_counts().total)
