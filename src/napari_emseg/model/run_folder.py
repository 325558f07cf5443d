"""One training run on disk: settings, history, weights."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_emseg.errors import ModelError, WriteError


@dataclass(frozen=True)
class RunFolder:
    """Names and safe writing of the files of a run.

    ============  ===========================================================
    config.json   recipe, data and split
    history.csv   one row per epoch
    last.keras    model after the last epoch, with the state of the optimizer
    best.keras    model of the epoch with the best validation score
    package/      the model package, at the end
    ============  ===========================================================
    """

    path: Path

    @property
    def config(self) -> Path:
        """Recipe, data and split as JSON."""
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
    def package(self) -> Path:
        """The model package."""
        return self.path / "package"

    def start(self, config: dict[str, Any]) -> None:
        """Make the folder and write its config; a folder that holds a run is refused."""
        if self.history.exists() or self.last.exists():
            raise WriteError(
                f"out: {self.path} already holds a training run; add --resume to go on with it, "
                "or name another folder"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(f"out: cannot make the folder {self.path}: {error}") from error
        write_atomically(self.config, lambda to: to.write_text(json.dumps(config, indent=2)))

    def read_config(self) -> dict[str, Any]:
        """What `start` wrote."""
        try:
            values: dict[str, Any] = json.loads(self.config.read_text())
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.path}: holds no training run to resume ({error})") from error
        return values

    def read_history(self) -> list[dict[str, float]]:
        """Rows of the history, oldest first; empty before the first epoch."""
        if not self.history.exists():
            return []
        try:
            with self.history.open(newline="") as file:
                return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{self.history}: cannot be read ({error})") from error

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Replace the history by ``rows``."""

        def write(to: Path) -> None:
            with to.open("w", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

        write_atomically(self.history, write)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a temporary sibling, then put it in the place of ``path`` at once.

    Raises
    ------
    WriteError
        If the file cannot be written; the previous one stays whole.
    """
    temporary = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise WriteError(
            f"{path}: cannot be written ({error}); free some space or name another folder"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
