"""Scores as files, with all that is needed to come to them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psygnal import Signal

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.errors import ModelError
from napari_emseg.model.packages.package import ModelPackage, read_package
from napari_emseg.report.figures import overview_figure, save_png
from napari_emseg.report.files import write_csv, write_json
from napari_emseg.report.provenance import PixelHash, about_model, about_scores
from napari_emseg.session.compare.layer_pair import ComparedLayer, LayerPair
from napari_emseg.session.compare.score_cache import ScoreCache
from napari_emseg.session.executor import Executor

_Write = Callable[[dict[str, Any], Path], None]


class ScoreExport:
    """Writes scores in a thread, since pixels are hashed for them.

    Attributes
    ----------
    saved : psygnal.Signal
        Emitted with the path of a file that is written.
    failed : psygnal.Signal
        Emitted with a text that says why one is not.
    """

    saved = Signal(Path)
    failed = Signal(str)

    def __init__(self, executor: Executor) -> None:
        self._lane = executor.lane("export")

    def save(self, scores: ScoreCache, config: CompareConfig, path: Path) -> None:
        """Write what is known at these settings as CSV, JSON or PNG, by the ending."""
        report, pair = report_of(scores, config), scores.pair
        package = model_of(pair.prediction)
        write = _WRITERS[path.suffix.lower()]

        def work() -> Path:
            model = None if package is None else about_model(package)
            report["about"] = _about(pair, list(scores.at(config)), config, model)
            write(report, path)
            return path

        self._lane.run(work, self.saved.emit, self.failed.emit)

    def close(self) -> None:
        """Write nothing more."""
        self._lane.stop()


def model_of(prediction: ComparedLayer) -> ModelPackage | None:
    """The model that made a layer; None where nobody knows, or it is gone."""
    if not prediction.model_folder:
        return None
    try:
        return read_package(Path(prediction.model_folder))
    except ModelError:
        return None


def report_of(scores: ScoreCache, config: CompareConfig) -> dict[str, Any]:
    """What is known at these settings, in the form of `StackScores.to_dict`."""
    mean, sweep = scores.mean(config), scores.sweep()
    assert mean is not None, "nothing is saved before anything is scored"
    stack = {"threshold": config.threshold, **asdict(mean)}
    if sweep is not None:
        stack["best_threshold"] = sweep.threshold
    return {
        "slices": [{"slice": z, **asdict(each)} for z, each in scores.scores(config).items()],
        "stack": stack,
        "sweep": [] if sweep is None else sweep.to_dict()["sweep"],
        "errors": [
            {"slice": z, **asdict(error)}
            for z, each in scores.at(config).items()
            for error in each.errors
        ],
    }


def _about(
    pair: LayerPair, slices: list[int], config: CompareConfig, model: dict[str, Any] | None
) -> dict[str, Any]:
    sources = {
        "prediction": (pair.prediction, pair.predicted),
        "truth": (pair.truth, pair.true),
    }
    described = {
        name: {
            "name": layer.name,
            "dtype": str(layer.dtype),
            "pixels_sha256": PixelHash.of(read(z) for z in slices),
        }
        for name, (layer, read) in sources.items()
    }
    rows, columns = pair.window
    settings = {
        **config.to_dict(), "truth_means": pair.meaning, "slices": slices,
        "rows": [rows.start, rows.stop], "columns": [columns.start, columns.stop],
    }  # fmt: skip
    return about_scores(**described, settings=settings, model=model)


def _write_png(report: dict[str, Any], path: Path) -> None:
    figure = overview_figure(report, report["stack"]["threshold"])
    save_png(figure, path, {"Description": json.dumps(report["about"])})


_WRITERS: dict[str, _Write] = {".csv": write_csv, ".json": write_json, ".png": _write_png}
