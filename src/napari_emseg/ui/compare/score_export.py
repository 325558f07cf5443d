"""Scores as files, with all that is needed to come to them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_emseg.core.scores.scores import SliceScores, StackScores
from napari_emseg.report.figures import overview_figure, save_png
from napari_emseg.report.files import write_csv, write_json
from napari_emseg.report.provenance import ModelRecord, PixelHash, Provenance, StackRecord
from napari_emseg.report.report import Report
from napari_emseg.ui.compare.fields import CompareFields, model_of
from napari_emseg.ui.widgets.figure_widget import ask_for_path, button
from napari_emseg.ui.widgets.notify import show_error, show_info

if TYPE_CHECKING:
    from napari_emseg.core.config.comparison import CompareConfig
    from napari_emseg.core.scores.slice_comparison import ComparedSlice
    from napari_emseg.ui.background.latest import Latest
    from napari_emseg.ui.compare.layer_pair import LayerPair
    from napari_emseg.ui.compare.scorer import Comparing

_Write = Callable[[Report, Path], None]


class ScoreExport(QWidget):
    """Three buttons; files are written in a thread, since pixels are hashed for them.

    Parameters
    ----------
    comparing : Comparing
        What is known.
    fields : CompareFields
        Of what.
    thread : Latest
        Where to write.
    """

    def __init__(self, comparing: Comparing, fields: CompareFields, thread: Latest) -> None:
        super().__init__()
        self._comparing, self._fields, self._thread = comparing, fields, thread
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for kind, tooltip in (
            ("CSV", "Save the table, with model, hashes and settings above it."),
            ("JSON", "Save all of it for programs, in the form of napari-emseg evaluate --json."),
            ("PNG", "Save the curves as a picture, with model, hashes and settings inside."),
        ):
            row.addWidget(button(f"Save {kind}", tooltip, lambda _=False, k=kind: self._ask(k)))

    def save(self, path: Path) -> None:
        """Write what is known as CSV, JSON or PNG, by the ending."""
        config = self._fields.config
        pair, results = self._comparing.pair, self._comparing.results
        assert pair is not None
        known, sweep = results.at(config), results.sweep()
        assert known, "the buttons are off before anything is scored"
        package = model_of(pair.prediction)
        write = _WRITERS[path.suffix.lower()]

        def work() -> Path:
            model = None if package is None else ModelRecord.of(package)
            report = Report(
                scores_at(config.threshold, known, sweep),
                _provenance(pair, list(known), config, model),
                best_threshold=None if sweep is None else sweep.threshold,
                errors={z: each.errors for z, each in known.items()},
            )
            write(report, path)
            return path

        self._thread.want(work, lambda done: show_info(f"Saved {done}"), show_error)

    def stop(self) -> None:
        """Write nothing more."""
        self._thread.stop()

    def _ask(self, kind: str) -> None:
        ending = f".{kind.lower()}"
        path = ask_for_path(self, "Save the scores", f"scores{ending}", f"{kind} (*{ending})")
        if path is not None:
            self.save(path if path.suffix.lower() == ending else path.with_name(path.name + ending))


def scores_at(
    threshold: float, known: Mapping[int, ComparedSlice], sweep: StackScores | None
) -> StackScores:
    """The scores of slices at the threshold that was chosen, with the sweep that is known."""
    slices = tuple(each.scores for each in known.values())
    mean, swept = SliceScores.average(slices), () if sweep is None else sweep.sweep
    return StackScores(slices, tuple(known), swept, threshold, mean.v_rand, mean.v_info)


def _provenance(
    pair: LayerPair, slices: list[int], config: CompareConfig, model: ModelRecord | None
) -> Provenance:
    prediction, truth = (
        StackRecord(layer.name, str(layer.data.dtype), PixelHash.of(read(z) for z in slices))
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
