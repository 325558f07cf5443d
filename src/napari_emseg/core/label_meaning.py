"""What labels mean: guessed from what they look like, and how pixels are read by it.

Whoever asks asks here: trainings, scores, docks, command line and scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.classes import class_names
from napari_emseg.core.label_reading import LabelReading, is_labelled
from napari_emseg.types import ArrayLike, LabelRole, LabelsMeaning, RepairedKind

MEANINGS: dict[LabelsMeaning, str] = {
    "mask": "Everything painted is cell, the rest of a painted slice is membrane.",
    "membranes": "Everything painted is membrane, the rest of a painted slice is cell.",
    "scribbles": "1 is membrane, 2 is cell, what is not painted is unknown.",
    "instances": "Every cell has its own label, the rest of a painted slice is membrane.",
}
"""What a person is told of each meaning."""

TRUTH_MEANING: LabelsMeaning = "instances"
"""How a truth is read where nobody says otherwise; the cells of a mask are the same by it."""

_MANY = 64
"""Different labels after which more of them say nothing new of the meaning."""

_LOOKED_CLOSELY = 8
"""Slices at whose shapes is looked, spread over the labelled ones."""

_NAMED = 4
"""Values that are named in a sentence; more are counted."""

_LOOKED_AT = 100_000
"""Pixels of a slice that tell whether a mask or cells are being repaired."""

_SEVERAL = 2
"""More labels than this in a slice, zero aside, are cells: a person may paint a mask with two."""


# -- the guess ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LabelShares:
    """Shares of pixels in some labelled slices, 0..1; together they are 1."""

    cell: float
    membrane: float
    unknown: float

    @property
    def words(self) -> str:
        """Such as ``78 % cell, 22 % membrane``."""
        named = {"cell": self.cell, "membrane": self.membrane, "unknown": self.unknown}
        shown = {name: share for name, share in named.items() if share > 0 or name != "unknown"}
        return ", ".join(f"{percent(share)} {name}" for name, share in shown.items())


@dataclass(frozen=True)
class LabelSummary:
    """Which slices are labelled, and what their labels seem to mean.

    Parameters
    ----------
    total : int
        Slices of the stack.
    labelled : tuple of int
        Those that carry labels, ascending.
    meaning : {"mask", "membranes", "scribbles", "instances"}
        The most likely one, or the one that a person said.
    values : tuple of int
        What is painted, ascending, without 0: all of it, or `_MANY` different values and some
        more, after which nobody looked for others.
    reading : LabelReading, optional
        How pixels are read; by the meaning alone where it is None.
    shares : LabelShares, optional
        What is read; None where nothing is painted.
    remarks : tuple of str
        What a person should know of it, in sentences.
    class_names : tuple of str
        What their classes are called, where these are known or seem to be more than two.
    class_reading : LabelReading, optional
        How those are read; None where there are no more than two.
    """

    total: int
    labelled: tuple[int, ...]
    meaning: LabelsMeaning
    values: tuple[int, ...] = ()
    reading: LabelReading | None = None
    shares: LabelShares | None = None
    remarks: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    class_reading: LabelReading | None = None

    @property
    def found(self) -> str:
        """What was found, in one sentence."""
        if not self.values:
            return "Nothing is painted."
        if len(self.values) > _NAMED:
            more = " or more" if len(self.values) >= _MANY else ""
            return f"{len(self.values)}{more} different values are painted {self._where}."
        return f"Painted with {', '.join(map(str, self.values))} {self._where}."

    @property
    def said(self) -> str:
        """What they are read as, with shares; goes on after ``Labels are``."""
        if self.shares is None:
            return f"read as {self.meaning}. {self.found}"
        return f"read as {self.meaning}: {self.shares.words} {self._where}."

    @property
    def _where(self) -> str:
        return f"in {len(self.labelled)} of {self.total} slices"


def guess_meaning(
    labels: ArrayLike,
    *,
    classes: int = 2,
    counts: Callable[[int], bool] | None = None,
    all_known: bool = False,
    told: LabelsMeaning | None = None,
    images: ArrayLike | None = None,
    role: LabelRole = "labels",
    names: Sequence[str] = (),
) -> LabelSummary:
    """Look through labels, one slice at a time, and guess what they mean.

    Parameters
    ----------
    labels : (Z, Y, X) array
        What a person painted; numpy or lazy. A slice of zeros is not labelled.
    classes : int
        How many classes they are painted for. Only scribbles hold more than two.
    counts : callable, optional
        Whether slice ``z`` counts; others are taken for not labelled, and not read. All do by
        default.
    all_known : bool
        Whether nothing is unknown in slices that count, so that they hold no scribbles of two
        classes.
    told : {"mask", "membranes", "scribbles", "instances"}, optional
        The meaning, where a person said it; what else must be known is found all the same.
    images : (Z, Y, X) array, optional
        What they were painted on: some slices of it tell whether the two agree.
    role : {"labels", "truth"}
        What they are for, which the remarks depend on.
    names : sequence of str
        What their classes are called, where they are known to hold these.

    Returns
    -------
    LabelSummary

    Raises
    ------
    LabelsError
        This is a picture.
    """
    told = told or ("scribbles" if names else None)
    labelled, values, close = [], {0}, _Spread()
    for z, painted in _labelled_slices(labels, counts):
        labelled.append(z)
        close.take(z, painted)
        many = len(values) > _MANY
        # what stands for unknown lies at the ends
        values.update(
            (painted.min().item(), painted.max().item()) if many else np.unique(painted).tolist()
        )
    values.remove(0)
    numbers = tuple(value + 0 for value in sorted(values))  # True is 1
    if not labelled:
        plain = told or ("scribbles" if classes > 2 else "mask")
        return LabelSummary(labels.shape[0], (), plain, class_names=tuple(names))
    # they load OpenCV, which whoever only names meanings need not wait for
    from napari_emseg.core.label_inspection import appearance_of
    from napari_emseg.core.label_recognition import class_reading, recognise, require_labels
    from napari_emseg.core.label_remarks import remarks_on

    slices = list(close.kept.values())
    looks = appearance_of(slices)
    require_labels(looks, role)
    reading = recognise(
        looks, set(numbers), slices, told=told, classes=classes, all_known=all_known
    )
    pictures = None if images is None else [np.asarray(images[z]) for z in close.kept]
    classed = LabelReading("scribbles") if names else class_reading(looks, set(numbers), slices)
    if classed is not None:
        names = names or class_names(numbers[-1] + 1 - classed.membrane)
    remarks = remarks_on(looks, reading, slices, pictures, role=role)
    if names and role == "labels":
        remarks = (_about_classes(names, classes), *remarks)
    return LabelSummary(
        labels.shape[0], tuple(labelled), reading.meaning, numbers, reading,
        _shares(slices, reading), remarks, tuple(names), classed,
    )  # fmt: skip


def _about_classes(names: Sequence[str], learned: int) -> str:
    few = f" Of these {learned} are learned; set classes to {len(names)} for all of them."
    said = f"They hold {len(names)} classes: {', '.join(names)}."
    return said + (few if learned < len(names) else "")


def truth_reading(truth: ArrayLike, meaning: LabelsMeaning = TRUTH_MEANING) -> LabelReading:
    """How a truth is read that a person may go on painting, so that new ids stay apart.

    Parameters
    ----------
    truth : (Z, Y, X) array
        Numpy or lazy.
    meaning : {"mask", "membranes", "scribbles", "instances"}
        What a person said; instances are what nobody has changed, so more is recognised.
    """
    told = None if meaning == TRUTH_MEANING else meaning
    found = guess_meaning(truth, told=told, all_known=True, role="truth").reading
    if found is None or found == LabelReading("mask"):
        return LabelReading(meaning)
    return found


def percent(share: float) -> str:
    """A share in words: small ones are not rounded away."""
    if 0 < share < 0.001 or 0.999 < share < 1:
        return f"{share:.2%}".replace("%", " %")
    return f"{100 * share:.{0 if 0.01 <= share <= 0.99 or share in (0, 1) else 1}f} %"


class _Spread:
    """Keeps some of many slices, evenly spread over those that come."""

    def __init__(self) -> None:
        self.kept: dict[int, npt.NDArray[Any]] = {}
        self._step, self._count = 1, 0

    def take(self, z: int, painted: npt.NDArray[Any]) -> None:
        if self._count % self._step == 0:
            self.kept[z] = painted
        self._count += 1
        if len(self.kept) > _LOOKED_CLOSELY:
            self.kept = dict(list(self.kept.items())[::2])
            self._step *= 2


def _labelled_slices(
    labels: ArrayLike, counts: Callable[[int], bool] | None
) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    for z in range(labels.shape[0]):
        if counts is not None and not counts(z):
            continue
        painted = np.asarray(labels[z])
        if is_labelled(painted):
            yield z, painted


def _shares(slices: list[npt.NDArray[Any]], reading: LabelReading) -> LabelShares:
    known = [reading.known(each) for each in slices]
    pixels = sum(each.size for each in slices)
    unknown = 1 - sum(int(each.sum()) for each in known) / pixels
    cells = zip(slices, known, strict=True)
    cell = sum(int((reading.cells(each) & where).sum()) for each, where in cells) / pixels
    return LabelShares(cell, max(0.0, 1 - unknown - cell), unknown)


def repaired_kind(labels: ArrayLike) -> RepairedKind:
    """What labels that are being repaired seem to hold: a mask, an id for each cell, or classes.

    Judged by the first painted slice, and by some of its pixels where it is large, so that a click
    need not wait.

    Parameters
    ----------
    labels : (Z, Y, X) array
        Numpy or lazy.
    """
    for z in range(len(labels)):
        painted = np.asarray(labels[z])
        some = painted.ravel()[:: max(1, painted.size // _LOOKED_AT)]
        if some.any():
            values = set(np.unique(some[some != 0]).tolist())
            if len(values) <= _SEVERAL:
                return "mask"
            return "classes" if _are_classes(values, painted) else "cells"
    return "mask"


def _are_classes(values: set[int], painted: npt.NDArray[Any]) -> bool:
    from napari_emseg.core.label_recognition import counts_from_one  # it loads OpenCV

    return counts_from_one(values, [painted])


# -- the pixels ---------------------------------------------------------------------------------


def known_pixels(labels: npt.NDArray[Any], meaning: LabelsMeaning) -> npt.NDArray[np.bool_]:
    """Where labels of that meaning say anything: a bool array of their shape."""
    return LabelReading(meaning).known(labels)
