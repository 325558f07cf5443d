"""Scores as files, with all that is needed to come to them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.scores.scores import SliceScores, StackScores
from napari_emseg.core.scores.slice_comparison import ComparedSlice
from napari_emseg.errors import ModelError
from napari_emseg.model.packages.package import ModelPackage, read_package
from napari_emseg.report.figures import overview_figure, save_png
from napari_emseg.report.files import write_csv, write_json
from napari_emseg.report.provenance import ModelRecord, PixelHash, Provenance, StackRecord
from napari_emseg.report.report import Report
from napari_emseg.session.compare.layer_pair import ComparedLayer, LayerPair
from napari_emseg.session.compare.score_cache import ScoreCache, class_scores
from napari_emseg.session.executor import Executor

if TYPE_CHECKING:
    from napari_emseg.core.scores.volume.score_volume import VolumeScores  # it loads OpenCV

_Write = Callable[[Report, Path], None]


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

    def save(
        self,
        cache: ScoreCache,
        config: CompareConfig,
        path: Path,
        *,
        volume: VolumeScores | None = None,
    ) -> None:
        """Write what is known at these settings as CSV, JSON or PNG, by the ending.

        With the scores of the ``volume``, where they are given.
        """
        known, sweep, pair = dict(cache.at(config)), cache.sweep(), cache.pair
        assert known, "nothing is saved before anything is scored"
        package = model_of(pair.prediction)
        write = _WRITERS[path.suffix.lower()]

        def work() -> Path:
            model = None if package is None else ModelRecord.of(package)
            scores = scores_at(config.threshold, known, sweep, pair.not_predicted)
            report = Report(
                replace(scores, classes=class_scores(pair, known.values())),
                _provenance(pair, list(known), config, model),
                best_threshold=None if sweep is None else sweep.threshold,
                errors={z: each.errors for z, each in known.items()},
                volume=volume,
            )
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


def scores_at(
    threshold: float,
    known: Mapping[int, ComparedSlice],
    sweep: StackScores | None,
    not_predicted: Sequence[int] = (),
) -> StackScores:
    """The scores of slices at the threshold that was chosen, with the sweep that is known."""
    slices = tuple(each.scores for each in known.values())
    mean, swept = SliceScores.average(slices), () if sweep is None else sweep.sweep
    return StackScores(
        slices, tuple(known), swept, threshold, mean.v_rand, mean.v_info,
        not_predicted=tuple(not_predicted),
    )  # fmt: skip


def _provenance(
    pair: LayerPair, slices: list[int], config: CompareConfig, model: ModelRecord | None
) -> Provenance:
    prediction, truth = (
        StackRecord(layer.name, str(layer.dtype), PixelHash.of(read(z) for z in slices))
        for layer, read in ((pair.prediction, pair.predicted), (pair.truth, pair.true))
    )
    rows, columns = pair.window
    settings = {
        **config.to_dict(), "truth_means": pair.meaning, "slices": slices,
        "rows": [rows.start, rows.stop], "columns": [columns.start, columns.stop],
    }  # fmt: skip
    return Provenance(prediction, truth, settings, model)


def _write_png(report: Report, path: Path) -> None:
    about = json.dumps(report.provenance.to_dict())
    save_png(overview_figure(report), path, {"Description": about})


_WRITERS: dict[str, _Write] = {".csv": write_csv, ".json": write_json, ".png": _write_png}
