"""Counts in words, for a person."""

from __future__ import annotations


def plural(count: int, what: str) -> str:
    """A count such as ``1 slice`` or ``3 slices``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
