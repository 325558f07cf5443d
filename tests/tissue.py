"""Cells as labels and as a picture, small and made up; and what people do to labels."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import KDTree

SHAPE = (192, 192)


def touching_ids(slices: int = 2, cells: int = 40) -> np.ndarray:
    """Cells without membranes between them: (Z, Y, X) uint16, 1, 2, ..."""
    pixels = np.stack(np.mgrid[: SHAPE[0], : SHAPE[1]], -1).reshape(-1, 2)
    nearest = []
    for z in range(slices):
        seeds = np.random.default_rng(z).random((cells, 2)) * SHAPE
        nearest.append(KDTree(seeds).query(pixels)[1].reshape(SHAPE) + 1)
    return np.stack(nearest).astype(np.uint16)


def bodies(shape: tuple[int, int, int], cells: int = 40, seed: int = 3) -> np.ndarray:
    """Cells through a volume (Z, Y, X) with membranes of some px between them: int64, 1, 2, ..."""
    voxels = np.stack(np.mgrid[tuple(slice(0, n) for n in shape)], -1).reshape(-1, 3)
    seeds = np.random.default_rng(seed).random((cells, 3)) * shape
    away, nearest = KDTree(seeds).query(voxels, k=2)
    return np.where(away[:, 1] - away[:, 0] > 2, nearest[:, 0] + 1, 0).reshape(shape)


def mask_of(ids: np.ndarray, membrane_px: int = 5) -> np.ndarray:
    """The same with membranes: uint8, 255 where cell."""
    square = np.ones((membrane_px, membrane_px), np.uint8)
    return np.stack([
        (cv2.dilate(each, square) == cv2.erode(each, square)) * np.uint8(255) for each in ids
    ])  # fmt: skip


def picture_of(mask: np.ndarray) -> np.ndarray:
    """What a microscope sees: uint8, membranes dark."""
    noise = np.random.default_rng(9).normal(0, 12, mask.shape)
    grey = [cv2.GaussianBlur(90.0 + each / 255 * 80, (0, 0), 1) for each in mask]
    return np.clip(np.stack(grey) + noise, 1, 255).astype(np.uint8)


def through_jpeg(mask: np.ndarray, quality: int = 90) -> np.ndarray:
    """What is left of it after JPEG."""
    option = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return np.stack([cv2.imdecode(cv2.imencode(".jpg", each, option)[1], 0) for each in mask])


def smoothed(mask: np.ndarray, sigma_px: float = 1.5) -> np.ndarray:
    """A probability as a network gives it: float32 in 0..1."""
    return np.stack([cv2.GaussianBlur((each > 0).astype("f4"), (0, 0), sigma_px) for each in mask])


def class_map_of(mask: np.ndarray, first: int = 1) -> np.ndarray:
    """Membrane, cell, and discs within cells, counted from ``first``: uint8."""
    found = []
    for each in mask:
        deep = cv2.distanceTransform(each, cv2.DIST_L2, 5)
        found.append((first + (each > 0) + (deep > 0.6 * deep.max())).astype(np.uint8))
    return np.stack(found)
