"""Membranes and cells in serial-section electron microscopy: segmented, trained on and scored.

This is what scripts and notebooks import. Nothing is loaded before it is used: a name brings its
module along when it is first asked for.

Examples
--------
>>> import napari_emseg as em
>>> image, truth = em.phantom()
>>> cells = em.segment(image, output="cells")
>>> em.evaluate(cells, truth).v_rand > 0.9
True
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("napari-emseg")
except PackageNotFoundError:  # the source tree is on the path, but nothing is installed
    __version__ = "0+unknown"

# As `__init__.pyi` has it for type checkers.
_HOMES = {
    "api.cells": ("cells", "cells_file"),
    "api.correct": ("correct_cells",),
    "api.segment": ("segment", "segment_file"),
    "api.train": ("train",),
    "api.evaluate": ("evaluate",),
    "api.evaluate_volume": ("evaluate_volume", "evaluate_volume_file"),
    "api.measure": ("measure", "measure_file"),
    "api.surface": ("surface",),
    "api.export": ("export_cells", "Exported"),
    "api.models": ("list_models", "load_model"),
    "api.patches": ("training_patches",),
    "io.read": ("read_stack",),
    "io.write": ("write_stack",),
    "io.convert": ("convert",),
    "io.samples": ("phantom",),
    "io.isbi2012": ("fetch_isbi2012",),
    "model.packages.library": ("export_model",),
    "model.foreign.arrival": ("import_model",),
    "types": ("Stack", "Log", "Progress", "SliceDone", "EpochDone", "Preview"),
    "engine.jobs": ("CellsResult", "PredictResult"),
    "core.scores.scores": ("StackScores", "SliceScores", "ThresholdScores"),
    "core.scores.volume.score_volume": ("VolumeScores",),
    "core.measure.measures": ("Measures",),
    "core.surfaces.surface": ("Surface",),
    "model.packages.package": ("ModelPackage", "PackageInfo"),
    "core.config.augmentation": ("AugmentConfig",),
    "core.config.cells": ("CellsConfig",),
    "core.config.network": ("NetworkConfig",),
    "core.config.prediction": ("MaskConfig", "PredictConfig"),
    "core.config.terms": ("TermsConfig",),
    "core.config.training": ("TrainConfig",),
    "core.config.volume_scores": ("VolumeScoresConfig",),
    "core.config.measurement": ("MeasureConfig",),
    "core.config.export": ("ExportConfig", "SurfaceConfig"),
    "core.config.foreign": ("ForeignConfig",),
    "errors": (
        "EmsegError", "ReadError", "WriteError", "ShapeError", "LabelsError", "SettingError",
        "ModelError", "DeviceError", "MemoryShortError", "MissingPackageError", "CancelledError",
    ),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
