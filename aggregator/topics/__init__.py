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
from aggregator.topics.republishing import Republished, republished

__all__ = [
    "Failed",
    "Limit",
    "Matcher",
    "Republished",
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
    "republished",
    "signless",
    "subject_of",
    "survey",
    "unknown",
]
