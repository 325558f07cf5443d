"""What the microscope makes of the phantom's tissue: sections, and what a person sees in them.

A section is the mean over its thickness. An upright membrane so becomes a sharp dark line, and
one that is cut obliquely a wide grey zone, as in a real section.
"""

from __future__ import annotations

import cv2
import numpy as np
from phantom_fields import Bytes, Floats, Ints, smooth_noise
from phantom_organelles import paint_mitochondria, paint_vesicles
from phantom_tissue import PAD, Tissue
from scipy import ndimage as ndi

VOXEL_SIZE_NM = (50.0, 4.0, 4.0)  # (Z, Y, X)
SECTION = VOXEL_SIZE_NM[0] / VOXEL_SIZE_NM[1]  # thickness of a section in pixels
DEPTHS = 5  # levels at which the tissue is sampled within one section
HALF_THICKNESS = 2.05  # of the dark double line between two cells, in pixels
STAINED = 3.1  # how much darker membrane is than its share of the section would be
FAINTEST = 0.3  # opacity of a border however oblique: the truth shows no border nobody can see
MEMBRANE_AT = 0.36  # opacity from which a person would paint membrane
NARROWEST = 3.0  # half width below which a person would paint over a cell
SPECK = 60  # area below which a person would not paint membrane that lies alone
CYTOPLASM, MEMBRANE = 157.0, 75.0  # grey levels before shading and noise

# What the grain is made of: blur radius, standard deviation in grey levels.
GRAIN = ((0.6, 18.0), (1.2, 12.5), (3.5, 7.5))


def border_distance(cells: Ints) -> Floats:
    """Return the distance of each pixel from the nearest border between two cells."""
    edge = ndi.maximum_filter(cells, 2) != ndi.minimum_filter(cells, 2)
    return np.asarray(cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def opacity(tissue: Tissue, z: float, half: Floats) -> Floats:
    """Return how much of the section's thickness is membrane of half thickness `half`: 0 to 1."""
    levels = z + ((np.arange(DEPTHS) + 0.5) / DEPTHS - 0.5) * SECTION
    seen = [np.exp(-((border_distance(tissue.cells(level)) / half) ** 4)) for level in levels]
    share = np.maximum(np.mean(seen, axis=0), FAINTEST * seen[DEPTHS // 2])
    return np.asarray(cv2.GaussianBlur(share, (0, 0), 0.8), np.float32)


def without_specks(truth: Bytes) -> Bytes:
    """Return `truth` with the small black parts that lie alone within a cell made white."""
    # Black all around, so that a border which cuts off a corner does not lie alone.
    black = np.pad(1 - truth, 1, constant_values=1)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(black, connectivity=8)
    specks = (stats[:, cv2.CC_STAT_AREA] < SPECK)[parts[1:-1, 1:-1]]
    return np.where(specks, 1, truth).astype(np.uint8)


def paint_truth(opaque: Floats, cells: Ints) -> Bytes:
    """Return 1 in cells and 0 on membrane, as a person would have painted it."""
    thin = cv2.GaussianBlur(opaque, (0, 0), 1.2) < MEMBRANE_AT
    truth = (thin & (border_distance(cells) > 1.2)).astype(np.uint8)
    truth = cv2.morphologyEx(truth, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, parts = cv2.connectedComponents(truth, connectivity=4)
    inside = cv2.distanceTransform(truth, cv2.DIST_L2, 5)
    widest = ndi.maximum(inside, parts, np.arange(count))
    return without_specks(truth * (widest > NARROWEST)[parts].astype(np.uint8))


def take_section(rng: np.random.Generator, tissue: Tissue, z: float) -> tuple[Floats, Bytes]:
    """Return grey levels and truth (0, 1) of the section at the height `z`, without noise."""
    tissue = tissue.misplaced(rng)
    synapse = np.clip(tissue.synapse.at(z) - 1.6, 0, 1.2)
    # Nowhere does a membrane thin out until nobody can see it.
    uneven = np.clip(tissue.thickness.at(z), -1.2, 2.5)
    opaque = opacity(tissue, z, HALF_THICKNESS * (1 + 0.18 * uneven) + 3 * synapse)
    cells = tissue.cells(z)
    truth = paint_truth(opaque, cells)
    inside = cv2.distanceTransform(truth, cv2.DIST_L2, 5)
    bend = smooth_noise(rng, tissue.size + 2 * PAD, 9)
    mito = tissue.look(z, paint_mitochondria(tissue.mitochondria, tissue.tubes, z, bend))
    mito *= np.clip((inside - 3) / 2, 0, 1)  # a mitochondrion never touches its cell's membrane
    small = paint_vesicles(rng, inside * (mito < 5), tissue.rich[cells], synapse)
    grey = CYTOPLASM + cv2.GaussianBlur(tissue.shade[cells], (0, 0), 2) - mito - small
    grey += (MEMBRANE - 8 * uneven - grey) * (1 - (1 - opaque) ** STAINED)
    grey += tissue.stain.at(z) - 45 * synapse * np.exp(-inside / 9)
    return cv2.GaussianBlur(grey, (0, 0), 0.5), truth


def add_dirt(rng: np.random.Generator, grey: Floats) -> Floats:
    """Lay a dark speck and the faint line of a fold over a section."""
    size = len(grey)
    y, x = np.ogrid[:size, :size]
    speck_y, speck_x, start = rng.uniform(0.2 * size, 0.8 * size, 3)
    beyond = np.hypot(y - speck_y, x - speck_x) - 6 - 2.5 * smooth_noise(rng, size, 5)
    across = y - start - rng.uniform(-0.4, 0.4) * x - 5 * smooth_noise(rng, size, 50)[0]
    fold = 16 * np.exp(-((across / 2.0) ** 2)) - 8 * np.exp(-(((across - 5) / 2.5) ** 2))
    return np.asarray(grey - 75 / (1 + np.exp(np.clip(beyond, -40, 40))) - fold, np.float32)


def record(rng: np.random.Generator, grey: Floats) -> Bytes:
    """Add grain, uneven staining and the brightness and contrast of this exposure."""
    size = len(grey)
    for sigma, std in GRAIN:
        grey = grey + std * smooth_noise(rng, size, sigma)
    grey = (grey - 125) * rng.normal(1, 0.07) + 125 + rng.normal(0, 8)
    grey += 5 * smooth_noise(rng, size, 80)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
