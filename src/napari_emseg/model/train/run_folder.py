"""One training run on disk: settings, history, weights."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.errors import ModelError, SettingError, WriteError
from napari_emseg.io.disk.atomic import as_write_error, write_atomically
from napari_emseg.io.disk.exchange import recover_replaced
from napari_emseg.io.disk.lock import Lock
from napari_emseg.io.disk.zip_file import ZIP_DAMAGE, json_in
from napari_emseg.model.train.history import write_history
from napari_emseg.types import Float32Array

_T = TypeVar("_T")
HISTORY_INSIDE = "napari_emseg_history.json"
_LARGEST_HISTORY = 64 * 2**20
"""Bytes; an epoch takes some hundred, and as many for each source."""


@dataclass(frozen=True)
class RunFolder:
    """Names and safe writing of the files of a run.

    ============  ==============================================================
    config.json   recipe, data, split and terms
    last.keras    model after the last epoch, with the state of the optimizer,
                  and the history up to it
    best.keras    model of the epoch with the best validation score, as it is
                  kept: in float32, its weights averaged where that is asked for
    history.csv   one row per epoch; nan is what was not measured
    curves.png    the history, drawn
    preview.npy   probability (Y, X) of a validation slice, float32
    quick/        likewise of slices before any step, by index; gone when the run has ended
    slices/       what is trained on, as the network sees it; gone when the run has ended
    former.keras  model to go on from, where part of its weights stays
    lesson.npz    what the model to go on from had learned, where that is rehearsed
    package/      the model package, at the end
    ============  ==============================================================

    The history inside ``last.keras`` is the one that counts. So a kill at any moment leaves weights
    and history of the same epoch, and a resumed run trains no epoch twice and leaves none out.
    """

    path: Path

    @property
    def config(self) -> Path:
        """Recipe, data, split and terms as JSON."""
        return self.path / "config.json"

    @property
    def history(self) -> Path:
        """One row per epoch as CSV."""
        return self.path / "history.csv"

    @property
    def last(self) -> Path:
        """Model after the last epoch."""
        return self.path / "last.keras"

    @property
    def best(self) -> Path:
        """Model of the best epoch."""
        return self.path / "best.keras"

    @property
    def curves(self) -> Path:
        """The history as a picture."""
        return self.path / "curves.png"

    @property
    def preview(self) -> Path:
        """Probability of a validation slice."""
        return self.path / "preview.npy"

    def quick_preview(self, z: int) -> Path:
        """Probability of slice ``z`` before any step."""
        return self.path / "quick" / f"{z}.npy"

    @property
    def rehearsal_set(self) -> Path:
        """Some of what the model to go on from was trained on."""
        return self.path / "lesson.npz"

    @property
    def former(self) -> Path:
        """The model to go on from, where part of its weights stays."""
        return self.path / "former.keras"

    @property
    def slices(self) -> Path:
        """What is trained on, slice by slice, while the run goes on."""
        return self.path / "slices"

    @property
    def package(self) -> Path:
        """The model package."""
        return self.path / "package"

    def lock(self) -> Lock:
        """What whoever trains in the folder holds meanwhile; nobody else may."""
        return Lock(self.path, is_folder=True, by="train", what="run folder")

    def start(self, config: dict[str, Any]) -> None:
        """Make the folder and write its config; a folder that holds a run is refused."""
        if self.history.exists() or self.last.exists():
            raise WriteError(
                f"out: {self.path} already holds a training run; go on with it, or name another "
                "folder",
                resume=True,
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(f"out: cannot make the folder {self.path}: {error}") from error
        self.sweep()
        self.write_config(config)

    def write_config(self, config: dict[str, Any]) -> None:
        """Replace the config."""
        write_atomically(self.config, lambda to: to.write_text(json.dumps(config, indent=2)))

    def read_config(self) -> dict[str, Any]:
        """What `write_config` wrote last."""
        try:
            values: dict[str, Any] = json.loads(self.config.read_text())
            if not isinstance(values, dict):
                raise ValueError(f"expected settings by name, received {values!r}")
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.path}: holds no training run to resume ({error})") from error
        return values

    def read_recipe(self) -> Recipe:
        """The recipe in the config.

        Raises
        ------
        ModelError
            If it cannot be read.
        """
        return self._read_group("recipe", Recipe.from_dict)

    def read_terms(self) -> TermsConfig:
        """What the run says of author, licence and terms.

        Raises
        ------
        ModelError
            If it cannot be read.
        """
        return self._read_group("terms", TermsConfig.from_dict)

    def _read_group(self, name: str, build: Callable[[dict[str, Any]], _T]) -> _T:
        try:
            return build(self.read_config()[name])
        except (LookupError, TypeError, AttributeError, SettingError) as error:
            raise ModelError(
                f"resume: {self.config} cannot be used ({type(error).__name__}: {error}); start a "
                "new run in another folder"
            ) from error

    def sweep(self) -> None:
        """Remove what a killed training had half written."""
        recover_replaced(self.path)
        self.forget_slices()

    def forget_slices(self) -> None:
        """Remove the slices that were kept for the training."""
        shutil.rmtree(self.slices, ignore_errors=True)

    def forget_quick_previews(self) -> None:
        """Remove what was predicted before any step."""
        shutil.rmtree(self.quick_preview(0).parent, ignore_errors=True)

    def keep_last(self, save: Callable[[Path], object], rows: Sequence[dict[str, float]]) -> None:
        """Write ``last.keras`` through ``save``, with the history, in one step."""

        def write(to: Path) -> None:
            save(to)
            with zipfile.ZipFile(to, "a") as file:
                file.writestr(HISTORY_INSIDE, json.dumps(list(rows)))

        write_atomically(self.last, write)

    def read_history(self) -> list[dict[str, float]]:
        """Rows of the history inside ``last.keras``, oldest first; empty before the first epoch.

        Raises
        ------
        ModelError
            If it cannot be read.
        """
        if not self.last.exists():
            return []
        try:
            with zipfile.ZipFile(self.last) as file:
                return _checked_rows(json_in(file, HISTORY_INSIDE, _LARGEST_HISTORY))
        except (*ZIP_DAMAGE, TypeError, AttributeError) as error:
            raise ModelError(
                f"resume: {self.last} cannot be loaded ({error}); start a new run in another folder"
            ) from error

    def write_history(self, rows: Sequence[dict[str, float]]) -> None:
        """Replace ``history.csv`` by ``rows``."""
        write_atomically(self.history, lambda to: write_history(rows, to))

    def write_preview(self, probability: Float32Array) -> None:
        """Replace the preview by a probability (Y, X)."""
        write_atomically(self.preview, lambda to: np.save(to, probability))

    def write_quick_preview(self, z: int, probability: Float32Array) -> None:
        """Keep a probability (Y, X) of slice ``z`` for as long as the run goes on."""
        path = self.quick_preview(z)
        with as_write_error(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda to: np.save(to, probability))


def _checked_rows(rows: Any) -> list[dict[str, float]]:
    for row in rows:
        if not all(isinstance(each, (int, float)) for each in row.values()):
            raise TypeError("its history is no list of epochs")
    return list(rows)
