"""Topics: which stories each catches, and why. Change* → Hit*, over many topics at once."""

from aggregator.topics.matcher import Matcher, definition, newest, subject_of

__all__ = ["Matcher", "definition", "newest", "subject_of"]
