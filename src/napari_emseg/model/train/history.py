"""The rows of a run's history, which epoch of them is kept, and what a run reached."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Row: TypeAlias = dict[str, float]
"""One epoch; what was not measured after it is NaN."""


@dataclass(frozen=True)
class TrainResult:
    """What a training reached: its package, the best epoch, and that epoch's scores.

    It crosses from the worker to the window, so it stands where no keras is loaded.
    """

    package: Path
    best: Row
    stopped: bool


_OF_SOURCE = "val_v_rand "

_SETTLED = 0.1
"""Part of the highest learning rate below which the weights no longer jump."""


def write_history(history: Sequence[Row], path: Path) -> None:
    """Write the rows as CSV; ``nan`` is what was not measured."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)


def source_names(history: Sequence[Row]) -> tuple[str, ...]:
    """Names of the sources that were trained on, where there were several."""
    columns = history[0] if history else ()
    return tuple(each[len(_OF_SOURCE) :] for each in columns if each.startswith(_OF_SOURCE))


def of_sources(row: Row, column: str) -> dict[str, float]:
    """A column of validation, such as ``val_loss``, of each of several sources by name."""
    names = source_names([row])
    return {name: row[f"{column} {name}"] for name in names if f"{column} {name}" in row}


def worst_source(row: Row) -> tuple[str, float] | None:
    """Of several sources the one with the lowest V_rand on validation, and that V_rand."""
    found = of_sources(row, "val_v_rand")
    known = {name: value for name, value in found.items() if math.isfinite(value)}
    return min(known.items(), key=lambda each: each[1]) if known else None


def is_validated(row: Row) -> bool:
    """Whether the epoch was validated."""
    return math.isfinite(row["val_loss"])


def is_settled(row: Row, history: Sequence[Row]) -> bool:
    """Whether the learning rate had fallen to a tenth of its highest value."""
    highest = max(each["learning_rate"] for each in history)
    return row["learning_rate"] <= _SETTLED * highest


def best_epoch(history: Sequence[Row]) -> Row:
    """The row of the history with the best validation score among the epochs that count.

    The score is V_rand, the mean over several sources, or the loss where the truth is too sparse
    for V_rand. Once the learning rate has fallen to a tenth of its highest value, only the epochs
    since then count: before, the weights jump from epoch to epoch, and the best of a hundred noisy
    scores on a few slices is luck.
    """
    validated = [row for row in history if is_validated(row)]
    settled = [row for row in validated if is_settled(row, history)]
    return max(settled or validated, key=_score)


def _score(row: Row) -> float:
    v_rand = row["val_v_rand"]
    return -row["val_loss"] if math.isnan(v_rand) else v_rand
