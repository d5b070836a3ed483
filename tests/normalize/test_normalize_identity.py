"""Public ids: made of names alone, the same wherever they are made."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.entry import EntryId
from aggregator.normalize.identity import entry_id, story_id

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(NAMES, NAMES)
def test_ids_are_uuids_of_version_5_in_spaces_of_our_own(feed, identity):
    entries = uuid.uuid5(uuid.NAMESPACE_URL, "tag:aggregator,2026:entry")
    stories = uuid.uuid5(uuid.NAMESPACE_URL, "tag:aggregator,2026:story")
    made = entry_id(feed, identity)
    assert made == uuid.uuid5(entries, f"{feed}\n{identity}").urn
    assert story_id(EntryId(made)) == uuid.uuid5(stories, made).urn
