"""What the demo shows at its end: collapsed, revised, vanished, failed, and each topic."""

from __future__ import annotations

from aggregator.archive import Archive
from aggregator.cli.output import heading, one_line, plural, say
from aggregator.cli.titles import title_of
from aggregator.model.entry import EntryRecord
from aggregator.model.settings import Settings
from aggregator.rounds import Round

_TITLE = 76
_HOW = {
    "first": "first",
    "url": "same address",
    "text": "same text",
    "near": "nearly the same text",
}


def print_summary(archive: Archive, settings: Settings, rounds: list[Round]) -> None:
    """Print what three rounds came to, from the archive alone."""
    records = tuple(archive.export())
    _print_collapsed(archive, records)
    _print_revised(archive, records)
    _print_vanished(records)
    _print_failed(rounds)
    _print_topics(archive, settings)


def _print_collapsed(archive: Archive, records: tuple[EntryRecord, ...]) -> None:
    stories = {record.story for record in records}
    _section(f"Collapsed: {plural(len(records), 'entry', 'entries')} make {len(stories)} stories")
    for lead in records:
        if not lead.lead:
            continue
        sightings = archive.sightings(lead.story)
        if len(sightings) < 2:
            continue
        say(f"  {_title(title_of(lead))}")
        for sighting in sightings:
            how = _HOW.get(sighting.how, sighting.how)
            say(f"    {one_line(sighting.feed_title):<18} {how:<14} {one_line(sighting.url or '')}")


def _print_revised(archive: Archive, records: tuple[EntryRecord, ...]) -> None:
    revised = [record for record in records if record.revisions > 1]
    _section(f"Revised: {plural(len(revised), 'entry', 'entries')} (`history` shows the words)")
    for record in revised:
        changed = archive.history(record.id)[-1].changed
        say(f"  {_title(title_of(record))}")
        say(
            f"    {one_line(record.feed_title):<18} {record.revisions} states; "
            f"last changed: {', '.join(changed)}"
        )


def _print_vanished(records: tuple[EntryRecord, ...]) -> None:
    vanished = [record for record in records if record.vanished]
    _section(f"Withdrawn by the publisher, kept here: {plural(len(vanished), 'entry', 'entries')}")
    for record in vanished:
        say(f"  {_title(title_of(record))}")
        say(f"    {one_line(record.feed_title)}")


def _print_failed(rounds: list[Round]) -> None:
    _section("Failed")
    failing = {feed.url: error for done in rounds for feed, error in done.failures}
    recovered = {feed.url for done in rounds for feed in done.recovered}
    for done_feed, error in failing.items():
        after = "; it recovered in the next round" if done_feed in recovered else ""
        say(f"  {_name(rounds, done_feed):<18} {one_line(error.what)}{after}")


def _name(rounds: list[Round], url: str) -> str:
    titles = {feed.url: feed.title for done in rounds for feed, _ in done.failures}
    return one_line(titles.get(url) or url)


def _print_topics(archive: Archive, settings: Settings) -> None:
    _section("Topics")
    for state in archive.topics.states():
        slug = state.topic.slug
        counted = plural(state.stories, "story", "stories")
        say(
            f"  {slug}: {counted}"
            + ("" if state.stories else f", waiting for: {state.topic.query}")
        )
        page = archive.published.subscription_page(slug, size=settings.publish.page_size)
        for entry in page.entries:
            marks = [f"also in {_count(len(entry.also_in))}"] if entry.also_in else []
            marks += ["corrected"] if entry.corrected else []
            told = f" ({', '.join(marks)})" if marks else ""
            say(f"    {_title(title_of(entry))}{told}")
            say(f"      {one_line(entry.origin_title)}: {one_line(entry.reason)}")
        if older := state.stories - len(page.entries):
            say(f"    {older} more on archive pages alone")


def _count(others: int) -> str:
    return plural(others, "other feed", "other feeds")


def _section(title: str) -> None:
    say()
    heading(title)


def _title(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"
