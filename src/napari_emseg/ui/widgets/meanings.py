"""What labels may mean, in the words of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_emseg.types import LabelsMeaning

if TYPE_CHECKING:
    pass


MEANINGS: dict[LabelsMeaning, str] = {
    "mask": "Everything painted is cell, the rest of a painted slice is membrane.",
    "scribbles": "1 is membrane, 2 is cell, what is not painted is unknown.",
    "instances": "Every cell has its own label, the rest of a painted slice is membrane.",
}
"""What a person is told of each meaning."""
