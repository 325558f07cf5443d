"""A prediction becomes labels to paint on, or goes into those that are painted on already."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.core.correct.edits import Edits, Policy
from napari_emseg.errors import LabelsError, ShapeError
from napari_emseg.session.correct.meaning import holds_labels, kind_of
from napari_emseg.session.painting.edit_tracker import EditTracker, Plan
from napari_emseg.session.painting.labels import LabelsLayer

Predicted: TypeAlias = list[tuple[int, npt.NDArray[Any]]]
"""Slices, and what is predicted for them (Y, X)."""


def require_pair(prediction: EditTracker | None, target: EditTracker | None) -> EditTracker:
    """The prediction, which can go into these labels, or into new ones.

    Raises
    ------
    LabelsError, ShapeError
        If there is none, or the two do not fit.
    """
    if prediction is None:
        raise LabelsError(
            "Prediction: there is no labels layer; segment the stack first, in the dock Segment"
        )
    if target is prediction:
        raise LabelsError(
            f"Labels: {target.layer.name!r} is the prediction itself, which can be painted on as "
            "it is; choose (new layer) or another one"
        )
    return prediction


def check_fit(prediction: LabelsLayer, target: LabelsLayer) -> None:
    """Raise `ShapeError` or `LabelsError` unless they have one shape and one meaning."""
    if prediction.shape != target.shape:
        raise ShapeError(
            f"Labels: expected the shape of {prediction.name!r}, {prediction.shape}, "
            f"received {target.name!r} with {target.shape}; choose (new layer)"
        )
    if holds_labels(target) and (new := kind_of(prediction)) != (old := kind_of(target)):
        words = {"mask": "a mask", "cells": "cells", "classes": "classes"}
        raise LabelsError(
            f"Labels: {target.name!r} holds {words[old]} and {prediction.name!r} {words[new]}, "
            "which do not mix; choose (new layer)"
        )


def copied(slices: Predicted) -> Predicted:
    """What is predicted, whatever happens to the layer; for a lane, as lazy slices are loaded."""
    return [(z, np.array(labels)) for z, labels in slices]


def planned(
    target: EditTracker, slices: Predicted, policy: Policy, versions: dict[int, int]
) -> Plan:
    """What a prediction changes; for a lane.

    Raises
    ------
    LabelsError
        If an id is too high for the labels.
    """
    predicted = copied(slices)
    highest = max((int(labels.max(initial=0)) for _, labels in predicted), default=0)
    most = np.iinfo(target.layer.dtype).max
    if highest > most:
        raise LabelsError(
            f"Labels: {target.layer.name!r} holds labels up to {most}, received {highest}; convert "
            "it (right click on the layer) or choose (new layer)"
        )
    return target.plan(predicted, policy, versions)


def new_labels(prediction: EditTracker, predicted: Predicted) -> tuple[npt.NDArray[Any], Edits]:
    """Labels (Z, Y, X) with what is predicted; a person's edits of the prediction go along."""
    data = np.zeros(prediction.layer.shape, prediction.layer.dtype)
    known, edits = prediction.edits, Edits()
    for z, labels in predicted:
        data[z] = labels
        edits.predict(z, known.of(z).touched(labels), known.of(z).redrawn(labels))
        if known.of(z).reviewed:
            edits.review(z, reviewed=True)
    return data, edits
