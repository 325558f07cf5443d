"""What layers of the dock *Compare* say about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


NOT_OFFERED = "not compared"
"""Marks, in the metadata of layers that we make, those that nobody would compare."""
