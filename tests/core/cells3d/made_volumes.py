"""Small volumes of which everybody knows what the cells are, and weights that know it too."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import KDTree

from napari_emseg.core.cells3d.edge_model import EdgeModel, Perceptron
from napari_emseg.core.cells3d.edges import ACROSS, BORDER, NEXT
from napari_emseg.core.cells3d.graph import FEATURES

_BORDER_MEAN, _SHARED_CORE = 1, 9


def plain_model() -> EdgeModel:
    """Borders with a mean above 0.5 are none; overlaps join where most of a cell overlaps."""
    return EdgeModel(
        {
            BORDER: _step(FEATURES[BORDER], _BORDER_MEAN, 0.5, 40.0),
            NEXT: _step(FEATURES[NEXT], _SHARED_CORE, 0.5, 100.0),
            ACROSS: _step(FEATURES[ACROSS], _SHARED_CORE, 0.5, 100.0),
        }
    )


def _step(n_features: int, at: int, cut: float, unit: float) -> Perceptron:
    hidden = np.zeros((n_features, 1))
    hidden[at] = 20.0
    return Perceptron(
        np.full(n_features, cut), np.ones(n_features), hidden, np.zeros(1),
        np.array([4.0, 0.0]), unit,
    )  # fmt: skip


def discs(*places: tuple[int, int, int], shape: tuple[int, int] = (96, 96)) -> np.ndarray:
    """Probability (Y, X) of round cells (row, column, radius) in membrane."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    probability = np.full(shape, 0.05, np.float32)
    for row, column, radius in places:
        away = np.hypot(rows - row, columns - column)
        probability = np.maximum(probability, 1 / (1 + np.exp(1.5 * (away - radius))))
    return probability.astype(np.float32)


def tissue(slices: int = 5, cells: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Ids and probability (Z, Y, X) of cells that fill the plane and wander from slice to slice."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:160, :160]
    pixels = np.stack([rows, columns], -1).reshape(-1, 2)
    places = rng.random((cells, 2)) * 160
    ids = []
    for _ in range(slices):
        ids.append(KDTree(places).query(pixels)[1].reshape(160, 160) + 1)
        places = places + rng.normal(0, 1.5, places.shape)
    truth = np.stack(ids)
    return truth, np.stack([_seen(each, rng) for each in truth])


def _seen(ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    square = np.ones((3, 3), np.uint8)
    inside = cv2.dilate(ids.astype(np.uint16), square) == cv2.erode(ids.astype(np.uint16), square)
    away = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    soft = 0.5 * (1 + np.tanh((away - 1.5 + rng.normal(0, 0.3, ids.shape)) / 1.2))
    return soft.astype(np.float32)
