"""OBJ: surfaces as text, which nearly every program reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_AT_ONCE = 100_000
"""Lines that are put into words at a time."""


def write_obj(
    path: Path, vertices: npt.NDArray[Any], faces: npt.NDArray[Any], *, about: str
) -> None:
    """Write a surface to a thousandth of its unit; parameters as `ply.write_ply`."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(f"# {about}\n")
        file.writelines(_lines("v %.3f %.3f %.3f\n", vertices))
        file.writelines(_lines("f %d %d %d\n", np.asarray(faces) + 1))  # counted from 1


def _lines(form: str, rows: npt.NDArray[Any]) -> Iterator[str]:
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        yield form * len(some) % tuple(some.ravel().tolist())
