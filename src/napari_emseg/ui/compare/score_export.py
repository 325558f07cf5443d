"""Scores as files, with all that is needed to come to them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_emseg.report.figures import overview_figure, save_png
from napari_emseg.report.files import write_csv, write_json
from napari_emseg.report.provenance import PixelHash, about_model, about_scores
from napari_emseg.ui.compare.fields import CompareFields, model_of
from napari_emseg.ui.widgets.figure_widget import ask_for_path, button
from napari_emseg.ui.widgets.notify import show_error, show_info

if TYPE_CHECKING:
    from napari_emseg.core.config.comparison import CompareConfig
    from napari_emseg.ui.background.latest import Latest
    from napari_emseg.ui.compare.layer_pair import LayerPair
    from napari_emseg.ui.compare.score_cache import ScoreCache
    from napari_emseg.ui.compare.scorer import Comparing

_Write = Callable[[dict[str, Any], Path], None]


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
        assert results.at(config), "the buttons are off before anything is scored"
        report = report_of(results, config)
        package = model_of(pair.prediction)
        write = _WRITERS[path.suffix.lower()]

        def work() -> Path:
            model = None if package is None else about_model(package)
            report["about"] = _about(
                pair, [row["slice"] for row in report["slices"]], config, model
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


def report_of(results: ScoreCache, config: CompareConfig) -> dict[str, Any]:
    """What is known at these settings, in the form of `StackScores.to_dict`."""
    known, mean, sweep = results.at(config), results.mean(config), results.sweep()
    assert mean is not None
    stack = {"threshold": config.threshold, **asdict(mean)}
    swept: dict[str, Any] = {"sweep": []} if sweep is None else sweep.to_dict()
    if sweep is not None:
        stack["best_threshold"] = sweep.threshold
    return {
        "slices": [{"slice": z, **asdict(each.scores)} for z, each in known.items()],
        "stack": stack,
        "sweep": swept["sweep"],
        "errors": [
            {"slice": z, **asdict(error)} for z, each in known.items() for error in each.errors
        ],
    }


def _about(
    pair: LayerPair, slices: list[int], config: CompareConfig, model: dict[str, Any] | None
) -> dict[str, Any]:
    sources = {"prediction": pair.predicted, "truth": pair.true}
    described = {
        name: {
            "name": getattr(pair, name).name,
            "dtype": str(getattr(pair, name).data.dtype),
            "pixels_sha256": PixelHash.of(read(z) for z in slices),
        }
        for name, read in sources.items()
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
