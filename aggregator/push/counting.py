"""What is counted of the talk with hubs."""

from collections.abc import Callable

Count = Callable[[str, str], None]
"""Told of each message: its kind (subscription, push) and its outcome."""
