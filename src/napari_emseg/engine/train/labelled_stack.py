"""Stacks with their labels, as a person brings them to a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from napari_emseg.errors import SettingError, ShapeError
from napari_emseg.types import LabelsMeaning, Stack

PerStack: TypeAlias = Sequence[Any] | None
"""One value for each stack, in order; one alone counts for all, where that makes sense."""


@dataclass(frozen=True, eq=False)
class LabelledStack:
    """An image with its labels, and how a training uses the two.

    Parameters
    ----------
    images, labels : Stack
        Both (Z, Y, X) and of one shape; numpy or lazy.
    meaning : {"mask", "membranes", "scribbles", "instances"}, optional
        How to read the labels; recognised, and told, by default.
    slices, validation : sequence of int, optional
        Use only these labelled slices; validate on these.
    weight : float
        How often patches are drawn from it, beside others; above 0.
    reviewed : Stack, optional
        (Z, Y, X), nonzero where the labels count; everywhere by default.

    Raises
    ------
    ShapeError
        If images and labels differ in shape.
    """

    images: Stack
    labels: Stack
    meaning: LabelsMeaning | None = None
    slices: Sequence[int] | None = None
    validation: Sequence[int] | None = None
    weight: float = 1.0
    reviewed: Stack | None = None

    def __post_init__(self) -> None:
        if self.images.shape != self.labels.shape:
            raise ShapeError(
                f"labels: expected the image's shape {self.images.shape}, received "
                f"{self.labels.shape}"
            )


def labelled_stacks(
    pairs: Sequence[tuple[Stack, Stack]],
    *,
    labels_mean: PerStack = None,
    slices: PerStack = None,
    val_slices: PerStack = None,
    weights: PerStack = None,
) -> list[LabelledStack]:
    """Pairs of images and labels with what is said of each.

    Parameters
    ----------
    pairs : sequence of (Stack, Stack)
        Images and labels.
    labels_mean : sequence of str or None, optional
        Meaning of the labels of each; one alone is that of all.
    slices, val_slices : sequence of (sequence of int or None), optional
        Slices to use, and to validate on, of each; None for all that are labelled, and for a
        fraction of these.
    weights : sequence of float, optional
        How often patches are drawn from each; all alike by default.

    Raises
    ------
    SettingError
        If there are not as many as pairs.
    ShapeError
        If there is no pair, or images and labels differ in shape.
    """
    if not pairs:
        raise ShapeError("stacks: expected at least one with its labels, received none")
    count = len(pairs)
    if labels_mean is not None and len(labels_mean) == 1:
        labels_mean = [*labels_mean] * count
    each = zip(
        pairs,
        _of_each("labels_mean", labels_mean, count),
        _of_each("slices", slices, count),
        _of_each("val_slices", val_slices, count),
        _of_each("weights", weights, count, 1.0),
        strict=True,
    )
    return [LabelledStack(*pair, *about) for pair, *about in each]


def _of_each(name: str, values: PerStack, count: int, default: Any = None) -> Sequence[Any]:
    if not values:
        return [default] * count
    if len(values) != count:
        raise SettingError(
            f"{name}: expected one for each of the {count} stacks, in their order, or none, "
            f"received {len(values)}"
        )
    return values
