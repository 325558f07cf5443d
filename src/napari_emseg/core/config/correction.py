"""Settings of correcting by hand, and of learning from it."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting


@dataclass(frozen=True)
class BrushConfig(Config):
    """How the tools of the dock *Correct* draw."""

    thickness_px: int = setting(
        3, "How thick a membrane is drawn, and left around a new cell.", unit="px", ge=1, le=100
    )
    through_stack: bool = setting(
        False,
        "Cells that are merged become one in the neighbouring slices too, as far as they go. Off "
        "again with each new dock.",
        label="Merge through the stack",
        is_lasting=False,
    )


@dataclass(frozen=True)
class EditableConfig(Config):
    """How a prediction is written into labels that are painted on already."""

    policy: str = setting(
        "keep my edits",
        "keep my edits: pixels that you have changed and slices that you have reviewed stay. only "
        "empty slices: all slices with labels stay. replace: nothing stays. Ctrl-Z brings back "
        "what was there. Each new dock begins with the first.",
        choices=("keep my edits", "only empty slices", "replace"),
        is_lasting=False,
    )


@dataclass(frozen=True)
class RetrainConfig(Config):
    """How a model learns from what a person has corrected; chosen by ``bench_correct.py``."""

    minutes: float = setting(
        2.0,
        "Time that the network learns; loading it and writing the new model come on top.",
        unit="minutes",
        ge=0.05,
        le=1000,
    )
    learning_rate: float = setting(
        1e-3, "Adam's step size at the start; smaller changes the model less.", ge=1e-7, le=1
    )
    around_px: int = setting(
        16,
        "How far around a stroke labels are learned from as well, as whoever draws has seen them; "
        "of a slice that is marked as reviewed all are.",
        unit="px",
        ge=0,
        le=1000,
    )
    rehearse: float = setting(
        0.3,
        "Fraction of the patches that come from earlier corrections and what else the model was "
        "trained on, where that is at hand, so that it does not forget.",
        ge=0,
        le=0.9,
        label="Part from earlier data",
    )
    preview: bool = setting(
        True,
        "Show first, in seconds, what the model says of the corrected slices once it knows how "
        "bright their tissue is; the layer goes when the retrained model has segmented them.",
        label="Quick preview",
    )
