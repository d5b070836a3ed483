"""Topics: which stories each catches, and why. Change* → Hit*, over many topics at once."""

from aggregator.topics.backlogs import portions
from aggregator.topics.checking import (
    Failed,
    Signless,
    Survey,
    Unknown,
    contradicted,
    failing,
    misnamed,
    misspelt,
    nobody,
    nowhere,
    signless,
    survey,
    unknown,
)
from aggregator.topics.limits import Limit
from aggregator.topics.matcher import Matcher, TopicExplanation, newest, subject_of

__all__ = [
    "Failed",
    "Limit",
    "Matcher",
    "Signless",
    "Survey",
    "TopicExplanation",
    "Unknown",
    "contradicted",
    "failing",
    "misnamed",
    "misspelt",
    "newest",
    "nobody",
    "nowhere",
    "portions",
    "signless",
    "subject_of",
    "survey",
    "unknown",
]
