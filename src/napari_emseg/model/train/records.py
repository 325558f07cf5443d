"""The histories of trainings that are on this machine: of models in the library, and of runs."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_emseg.errors import ModelError, ReadError
from napari_emseg.io.disk.json_file import read_json
from napari_emseg.model.packages.library import package_folders
from napari_emseg.model.packages.package import HISTORY, read_package
from napari_emseg.model.train.history import Row, best_epoch, is_validated
from napari_emseg.model.train.run_folder import RunFolder


@dataclass(frozen=True)
class Record:
    """One training.

    Parameters
    ----------
    name : str
        Of the model, or of the run's folder.
    folder : Path
        Package or run folder.
    history : tuple of dict
        Rows, one per epoch.
    recipe : dict
        What it was trained by, such as ``{"train": {"batch_size": 4, ...}, ...}``.
    """

    name: str
    folder: Path
    history: tuple[Row, ...]
    recipe: dict[str, Any]

    @property
    def best(self) -> Row | None:
        """The epoch that was kept; None where none was validated."""
        return best_epoch(self.history) if any(map(is_validated, self.history)) else None

    def setting(self, name: str) -> Any:
        """A setting of the training, such as ``batch_size``; None where it is not recorded."""
        return self.recipe.get("train", {}).get(name)

    @property
    def overfit_from(self) -> float | None:
        """The epoch of the lowest validation loss, where it rose by a tenth or more since then."""
        validated = [row for row in self.history if is_validated(row)]
        if len(validated) < 2:
            return None
        lowest = min(validated, key=lambda row: row["val_loss"])
        rose = validated[-1]["val_loss"] >= 1.1 * lowest["val_loss"]
        return lowest["epoch"] if rose else None


def list_records(runs: Path) -> list[Record]:
    """Histories of the models in the library, then of the runs in a folder, newest first.

    Parameters
    ----------
    runs : Path
        Folder of run folders; it need not exist. A run whose model lies in the library counts
        once, and what cannot be read is left out.
    """
    newest = sorted(runs.glob("*/history.csv"), key=lambda path: -path.stat().st_mtime)
    records: list[Record] = []
    for folder in [*package_folders(), *(path.parent for path in newest)]:
        try:
            record = read_record(folder)
        except ReadError:
            continue
        if not any(_is_same(record.history, each.history) for each in records):
            records.append(record)
    return records


def _is_same(one: Sequence[Row], other: Sequence[Row]) -> bool:
    """Whether two histories are of one training; NaN, for what was not measured, equals itself."""
    return repr(one) == repr(other)


def read_record(folder: Path) -> Record:
    """The history of a package or of a run folder.

    Raises
    ------
    ReadError
        If it holds none.
    """
    path = folder / HISTORY
    try:
        with path.open(newline="") as file:
            rows = [_numbers(row) for row in csv.DictReader(file)]
    except (OSError, ValueError, TypeError) as error:
        raise ReadError(
            f"training: {path} cannot be read ({error}); expected a run folder, or a model that "
            "was trained by this version"
        ) from error
    if not rows or not {"epoch", "loss", "val_loss"} <= set(rows[0]):
        raise ReadError(f"training: {path} holds no epochs")
    return Record(**_name_and_recipe(folder), history=tuple(rows), folder=folder)


def _numbers(row: dict[str, str]) -> Row:
    return {name: float(value) if value else math.nan for name, value in row.items()}


def _name_and_recipe(folder: Path) -> dict[str, Any]:
    try:
        info = read_package(folder).info
    except ModelError:
        config = read_json(RunFolder(folder).config)
        return {"name": folder.name, "recipe": dict(config.get("recipe", {}))}
    return {"name": folder.name, "recipe": dict(info.training.get("recipe", {}))}


def titles(records: Sequence[Record]) -> list[str]:
    """What the curves are called: names, numbered where two are alike."""
    names = [each.name for each in records]
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if names.count(name) == 1 else f"{name} ({seen[name]})")
    return found
