"""Settings of a training."""

from __future__ import annotations

from dataclasses import dataclass

from napari_emseg.core.config.setting import Config, setting


@dataclass(frozen=True)
class TrainConfig(Config):
    """How a network is trained."""

    epochs: int = setting(120, "Passes over the training slices.", ge=1, le=100_000)
    minutes: float = setting(
        0.0,
        "Fit the training into this time; 0 trains all epochs.",
        unit="minutes",
        ge=0,
        le=100_000,
        label="Time",
        zero="all epochs",
    )
    patch_size: int = setting(256, "Edge of a training patch.", unit="px", ge=16, le=2048)
    batch_size: int = setting(4, "Patches per step.", ge=1, le=256)
    least_steps: int = setting(
        1,
        "Steps of an epoch, at least; more where few slices are labelled, so that less of the time "
        "goes into what follows each epoch.",
        ge=1,
        le=10_000,
        label="Steps an epoch, at least",
    )
    most_steps: int = setting(
        0,
        "Steps of an epoch, at most; fewer where several or large stacks are trained on, so that "
        "the network is judged and kept more often. 0 sets no limit.",
        ge=0,
        le=100_000,
        label="Steps an epoch, at most",
        zero="no limit",
    )
    network_pixel_nm: float = setting(
        0.0,
        "Pixel size that the network learns at, to which stacks are resampled; 0 takes that of the "
        "model to start from, else that of the first stack.",
        unit="nm",
        ge=0,
        le=1000,
        label="Pixel size",
        zero="as the data",
    )
    loss: str = setting(
        "cross-entropy",
        "What training minimises: the weighted cross-entropy alone, or with Dice or clDice of the "
        "membranes added.",
        choices=("cross-entropy", "dice", "cldice"),
        label="What it minimises",
    )
    overlap_weight: float = setting(
        0.5,
        "Weight of Dice or clDice beside the cross-entropy.",
        ge=0,
        le=100,
        label="Weight of Dice",
    )
    distance_weight: float = setting(
        0.0,
        "Weight, beside the cross-entropy, of a second lesson that only the training has: how far "
        "each pixel is from the nearest membrane. 5 helps on tissue that a training never saw.",
        ge=0,
        le=100,
        label="Weight of distances",
        zero="none",
    )
    learning_rate: float = setting(
        0.0,
        "Adam's highest step size; 0 takes 0.001, or 0.003 after a warm-up where a new network has "
        "half an hour or less.",
        ge=0,
        le=1,
        step=1e-5,
        zero="automatic",
    )
    val_fraction: float = setting(
        0.1,
        "Fraction of the labelled slices held out for validation.",
        ge=0.01,
        le=0.9,
        label="Part to validate on",
    )
    border_weight: float = setting(
        10.0,
        "Extra weight w_0 of the borders between close cells.",
        ge=0,
        le=1000,
        label="Weight of borders",
    )
    border_sigma_px: float = setting(
        5.0,
        "Width sigma of that border weight.",
        unit="px",
        ge=0.5,
        le=100,
        label="Width of borders",
    )
    membrane_px: float = setting(
        2.0,
        "Width of the membrane that is drawn between cells with ids of their own where less lies "
        "between them; about as wide as the membranes of other stacks that are learned along.",
        unit="px",
        ge=2,
        le=50,
    )
    ema: float = setting(
        0.0,
        "Decay per step of a running average of the weights, which is judged and kept in their "
        "place; 0 keeps the weights themselves.",
        ge=0,
        le=0.9999,
        label="Average of weights",
        zero="none",
    )
    rehearse: float = setting(
        0.0,
        "Fraction of the patches that come from what the model to go on from was trained on, where "
        "that is at hand, so that it does not forget.",
        ge=0,
        le=0.9,
        label="Part from earlier data",
        zero="none",
    )
    former_share: float = setting(
        0.0,
        "Part of the weights of the model to go on from that stays in the new one: with 0.5, the "
        "mean of before and after, far less of other tissue is forgotten.",
        ge=0,
        le=0.9,
        label="Part that stays",
    )
    patience: int = setting(
        0,
        "Stop after so many epochs without a better validation score; 0 never stops early.",
        unit="epochs",
        ge=0,
        le=100_000,
        label="Give up after",
        zero="never",
    )
    validate_every: int = setting(
        0,
        "Validate after every so many epochs, and after the last; 0 as often as costs at most 15 % "
        "of the time.",
        unit="epochs",
        ge=0,
        le=100_000,
        label="Validate every",
        zero="automatic",
    )
    mixed_precision: bool = setting(
        True,
        "Compute in half precision where that is faster: on a GPU, and on a processor that has "
        "bfloat16.",
        label="Half precision",
    )
    seed: int = setting(0, "Seed of all random draws.", ge=0, le=2**32 - 1, label="Random seed")
