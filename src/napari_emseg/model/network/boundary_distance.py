"""What a network may learn besides its classes: how far each pixel is from the nearest membrane."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

_NAME = "distance"
_REACH_PX = 16
"""Pixels that are farther from a membrane count as so far."""


def with_distance(model: keras.Model) -> keras.Model:
    """A network that tells distances as well, from the features that its classes are told from.

    To tell them, the features have to know where a membrane goes on that is faint, and which line
    inside a cell is none. Only a training has this output; what it keeps is `without_distance`.

    Parameters
    ----------
    model : keras.Model
        Of one output, whose last layer gives it.

    Returns
    -------
    keras.Model
        Of the same layers and one more: returns a list of what ``model`` does, and of the distance
        (N, Y, X, 1) to the nearest membrane, 0..1, where 1 is 16 px or farther.

    References
    ----------
    Dangi, Linte, Yaniv: A distance map regularized CNN for cardiac cine MR image segmentation.
    Medical Physics 2019. https://doi.org/10.48550/arXiv.1901.01238
    """
    head = layers.Conv2D(1, 1, activation="sigmoid", name=_NAME)
    outputs = [model.output, head(model.layers[-1].input)]
    return keras.Model(model.input, outputs, name=model.name)


def without_distance(model: keras.Model) -> keras.Model:
    """The network itself, of the same layers; where there are no distances, as it is."""
    if not tells_distance(model):
        return model
    return keras.Model(model.input, model.outputs[0], name=model.name)


def tells_distance(model: keras.Model) -> bool:
    """Whether a network comes from `with_distance`."""
    return len(model.outputs) == 2


@keras.saving.register_keras_serializable("napari_emseg")
class DistanceLoss(keras.losses.Loss):
    """Squared error of the distance to the nearest membrane."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Errors (N, Y, X) of distances ``y_pred`` and classes ``y_true`` (both (N, Y, X, 1))."""
        error = ops.cast(y_pred, "float32") - membrane_distance(y_true)
        return ops.mean(ops.square(error), axis=-1)


def membrane_distance(classes: Any) -> Any:
    """How far each pixel is from the nearest membrane, as the larger of its steps in y and x.

    Parameters
    ----------
    classes : (N, Y, X, 1) tensor
        0 is membrane; what lies beyond the edge is as far as can be.

    Returns
    -------
    (N, Y, X, 1) float32 tensor
        0..1 of 16 px: 0 on a membrane, 1/16 beside it.
    """
    cell = ops.cast(ops.convert_to_tensor(classes) > 0, "float32")
    distance = cell
    for _ in range(_REACH_PX - 1):
        cell = -ops.max_pool(-cell, 3, strides=1, padding="same")
        distance = distance + cell
    return distance / _REACH_PX
