"""The phantom's tissue in three dimensions: tubes that wander through z, and what lies in them.

Lengths are in pixels of 4 nm, along z as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from phantom_fields import Drift, Floats, Ints, smooth_noise
from scipy.spatial import cKDTree

PAD = 48  # tissue around the field of view, from which cells are warped into it
REACH = 40  # how far from its wall a tube can own a pixel
MISPLACED = 4.0  # standard deviation with which a section lies beside its neighbours

# How the tissue is bent: blur radius of the field, wavelength along z, amplitude.
WARPS = ((60.0, 750.0, 18.0), (18.0, 350.0, 6.5), (6.0, 200.0, 1.4))
# Standard deviation of the slant, in pixels per pixel of z: of a bundle, and of each tube in it.
SLANT = (0.17, 0.22)


@dataclass(frozen=True)
class Tubes:
    """Elliptic tubes that run through z; tubes of one `cell` have no membrane between them."""

    centre: Floats  # (N, 2) y, x at z = 0
    velocity: Floats  # (N, 2) sideways shift per pixel of z
    radius: Floats  # (N,)
    stretch: Floats  # (N,) long axis over short axis
    angle: Floats  # (N,) of the long axis, radians
    cell: Ints  # (N,) from 1

    def centre_at(self, z: float) -> Floats:
        """Return the centres ``(N, 2)`` at the height `z`."""
        return self.centre + self.velocity * np.float32(z)


def pack_discs(rng: np.random.Generator, extent: int) -> tuple[Floats, Floats]:
    """Lay discs of very different sizes, the big ones first: centres ``(N, 2)``, radii."""
    wanted = 13.5 * rng.lognormal(0, 0.66, extent**2 // 1200)
    radii = np.sort(np.clip(wanted, 7, 85))[::-1].astype(np.float32)
    centres, kept = np.empty((0, 2), np.float32), np.empty(0, np.float32)
    for radius in radii:
        tries = rng.uniform(0, extent, (60, 2)).astype(np.float32)
        gaps = np.linalg.norm(tries[:, None] - centres, axis=2) - 0.9 * (kept + radius)
        free = tries[(gaps > 0).all(axis=1)][:1]
        centres = np.concatenate([centres, free])
        kept = np.concatenate([kept, np.full(len(free), radius, np.float32)])
    return centres, kept


def join_neighbours(rng: np.random.Generator, centres: Floats, share: float) -> Ints:
    """Give a `share` of the tubes the cell of a neighbour, which makes long and bent cells."""
    cell = np.arange(1, len(centres) + 1, dtype=np.int32)
    _, nearest = cKDTree(centres).query(centres, k=4)
    for tube in np.flatnonzero(rng.random(len(cell)) < share):
        cell[tube] = cell[nearest[tube, rng.integers(1, 4)]]
    return cell


def grow_tubes(rng: np.random.Generator, extent: int) -> Tubes:
    """Draw the tubes of a tissue that is `extent` pixels wide and high."""
    centres, radii = pack_discs(rng, extent)
    at = tuple(centres.astype(int).T)
    # Neighbours run in about the same direction, as processes in a bundle do.
    bundle = np.stack([smooth_noise(rng, extent, 60)[at] for _ in "yx"], axis=1)
    own = rng.normal(0, 1, centres.shape) * np.minimum(1, 25 / radii)[:, None]
    return Tubes(
        centre=centres,
        velocity=(SLANT[0] * bundle + SLANT[1] * own).astype(np.float32),
        radius=radii,
        stretch=(1 + rng.gamma(1.3, 0.45, len(radii))).astype(np.float32),
        angle=smooth_noise(rng, extent, 50)[at] + rng.normal(0, 0.4, len(radii)).astype("f4"),
        cell=join_neighbours(rng, centres, share=0.16),
    )


def ellipse_distance(
    shape: tuple[int, ...], centre: Floats, angle: float, stretch: float
) -> Floats:
    """Return the distance of each pixel from `centre`, measured shorter along the long axis."""
    y, x = (axis.astype(np.float32) for axis in np.ogrid[: shape[0], : shape[1]])
    y, x = y - np.float32(centre[0]), x - np.float32(centre[1])
    along = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    across = np.float32(np.cos(angle)) * y - np.float32(np.sin(angle)) * x
    root = np.float32(np.sqrt(stretch))
    return np.asarray(np.hypot(along / root, across * root), np.float32)


def cells_at(tubes: Tubes, z: float, extent: int) -> Ints:
    """Give each pixel at the height `z` to the cell of the tube whose wall is nearest."""
    cells = np.zeros((extent, extent), np.int32)
    nearest = np.full((extent, extent), np.inf, np.float32)
    for i, centre in enumerate(tubes.centre_at(z)):
        reach = int(tubes.radius[i] * tubes.stretch[i]) + REACH
        low, high = (np.maximum(0, centre.astype(int) + step) for step in (-reach, reach))
        window = np.s_[low[0] : high[0], low[1] : high[1]]
        inner = ellipse_distance(
            cells[window].shape, centre - low, tubes.angle[i], tubes.stretch[i]
        )
        wall = inner - tubes.radius[i]
        nearer = wall < nearest[window]
        nearest[window][nearer] = wall[nearer]
        cells[window][nearer] = tubes.cell[i]
    return cells


def place_mitochondria(rng: np.random.Generator, tubes: Tubes, top: float) -> Floats:
    """Place one mitochondrion into each of some wide tubes, between the heights -`top` and `top`.

    Returns
    -------
    ndarray of float32, shape (N, 7)
        Tube, offset y and x from its centre, radius, stretch, angle, height of its middle.
    """
    wide = np.flatnonzero(tubes.radius > 20)
    wide = wide[rng.random(len(wide)) < 0.6]
    radius = np.clip(tubes.radius[wide] * rng.uniform(0.5, 0.72, len(wide)), 12, 40)
    turn = rng.uniform(0, 2 * np.pi, len(wide))
    far = np.maximum(0, tubes.radius[wide] - radius - 8) * np.sqrt(rng.random(len(wide)))
    stretch = np.minimum(tubes.stretch[wide], rng.uniform(1, 1.9, len(wide)))
    angle = tubes.angle[wide] + rng.normal(0, 0.15, len(wide))
    rows = [wide, far * np.sin(turn), far * np.cos(turn), radius, stretch, angle]
    return np.stack([*rows, rng.uniform(-top - 20, top + 20, len(wide))], axis=1).astype("f4")


@dataclass(frozen=True)
class Tissue:
    """All that is drawn once for the whole stack; fields are ``(size, size)``."""

    size: int
    tubes: Tubes
    mitochondria: Floats
    warps: list[dict[str, Drift]]
    thickness: Drift
    synapse: Drift
    stain: Drift
    shade: Floats  # (cells + 1,) grey level of a cell's cytoplasm against the mean
    rich: Floats  # (cells + 1,) 1 for a cell full of vesicles, else 0
    shift: tuple[float, float] = (0.0, 0.0)  # of the field of view, y and x

    @classmethod
    def random(cls, rng: np.random.Generator, size: int, top: float) -> Tissue:
        """Draw a tissue that fills the heights -`top` to `top`."""
        tubes = grow_tubes(rng, size + 2 * PAD)
        cells = len(tubes.cell) + 1
        glia = rng.random(cells) < 0.06  # dark cells
        return cls(
            size=size,
            tubes=tubes,
            mitochondria=place_mitochondria(rng, tubes, top),
            warps=[{axis: Drift.random(rng, size, *warp) for axis in "yx"} for warp in WARPS],
            thickness=Drift.random(rng, size, 14, 300),
            synapse=Drift.random(rng, size, 13, 330),
            stain=Drift.random(rng, size, 20, 300, 13),
            shade=(rng.normal(0, 11, cells) - 26 * glia).astype(np.float32),
            rich=(rng.random(cells) < 0.4).astype(np.float32),
        )

    def misplaced(self, rng: np.random.Generator) -> Tissue:
        """Return this tissue seen through a field of view that is a little beside this one."""
        y, x = rng.normal(0, MISPLACED, 2)
        return replace(self, shift=(y, x))

    def view(self, z: float) -> tuple[Floats, Floats]:
        """Return where in the tissue the pixels of the field of view lie: x and y."""
        y, x = np.mgrid[: self.size, : self.size].astype(np.float32) + PAD
        bent_y, bent_x = (sum(warp[axis].at(z) for warp in self.warps) for axis in "yx")
        return x + bent_x + np.float32(self.shift[1]), y + bent_y + np.float32(self.shift[0])

    def look(self, z: float, image: Floats, interpolation: int = cv2.INTER_LINEAR) -> Floats:
        """Return of an `image` of the tissue what the field of view ``(size, size)`` shows."""
        seen = cv2.remap(image, *self.view(z), interpolation, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen, np.float32)

    def cells(self, z: float) -> Ints:
        """Return the cells ``(size, size)`` seen at the height `z`."""
        flat = cells_at(self.tubes, z, self.size + 2 * PAD).astype(np.float32)
        return self.look(z, flat, cv2.INTER_NEAREST).astype(np.int32)
