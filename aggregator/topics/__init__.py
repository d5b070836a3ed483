"""Topics: which stories each catches, and why. Change* → Hit*, over many topics at once."""

from aggregator.topics.matcher import Matcher, definition, subject_of

__all__ = ["Matcher", "definition", "subject_of"]
