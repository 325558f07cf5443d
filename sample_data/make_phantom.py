"""Make the synthetic ssTEM phantom, and its truth, that napari-emseg ships as sample data.

The tissue is a bundle of tubes that wander through z; a section is what the electron beam
sees of it: the mean over the section's thickness. An upright membrane so becomes a sharp
dark line, and one that is cut obliquely a wide grey zone, as in a real section.

Every pixel is computed from a seed. No real pixel goes in, only statistics of real slices
(grey levels, power spectrum, cell sizes). Lengths are in pixels of 4 nm, along z as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import click
import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage as ndi
from scipy.spatial import cKDTree

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]

VOXEL_SIZE_NM = (50.0, 4.0, 4.0)  # (Z, Y, X)
SECTION = VOXEL_SIZE_NM[0] / VOXEL_SIZE_NM[1]  # thickness of a section in pixels
DEPTHS = 5  # levels at which the tissue is sampled within one section
PAD = 48  # tissue around the field of view, from which cells are warped into it
REACH = 40  # how far from its wall a tube can own a pixel
HALF_THICKNESS = 2.05  # of the dark double line between two cells
MEMBRANE_AT = 0.36  # opacity from which a person would paint membrane
NARROWEST = 3.0  # half width below which a person would paint over a cell
CYTOPLASM, MEMBRANE = 157.0, 75.0  # grey levels before shading and noise

# How the tissue is bent: blur radius of the field, wavelength along z, amplitude.
WARPS = ((60.0, 600.0, 18.0), (18.0, 260.0, 5.5), (5.0, 120.0, 0.9))
# What the grain is made of: blur radius, standard deviation in grey levels.
GRAIN = ((0.8, 16.0), (1.6, 9.5), (5.0, 9.0))


# ---- random fields -----------------------------------------------------------------


def smooth_noise(rng: np.random.Generator, size: int, sigma: float) -> Floats:
    """Gaussian random field ``(size, size)``, mean 0, deviation 1, blurred by `sigma`."""
    step = max(1, int(sigma / 3))  # a smooth field needs few samples
    coarse = rng.standard_normal((size // step + 8,) * 2, dtype=np.float32)
    coarse = ndi.gaussian_filter(coarse, sigma / step, mode="wrap")
    fine = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine[:size, :size] / coarse.std(), np.float32)


@dataclass(frozen=True)
class Drift:
    """A random field that turns slowly into another as z goes on, at constant variance."""

    first: Floats
    second: Floats
    wavelength: float

    @classmethod
    def random(
        cls, rng: np.random.Generator, size: int, sigma: float, wavelength: float, std: float = 1
    ) -> Drift:
        """Draw the two fields ``(size, size)`` between which it turns."""
        first, second = (np.float32(std) * smooth_noise(rng, size, sigma) for _ in range(2))
        return cls(first, second, wavelength)

    def at(self, z: float) -> Floats:
        """Return the field ``(size, size)`` at the height `z`."""
        angle = 2 * np.pi * z / self.wavelength
        return np.float32(np.cos(angle)) * self.first + np.float32(np.sin(angle)) * self.second


# ---- tissue ------------------------------------------------------------------------


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
    own = rng.normal(0, 0.23, centres.shape) * np.minimum(1, 25 / radii)[:, None]
    return Tubes(
        centre=centres,
        velocity=(0.17 * bundle + own).astype(np.float32),
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
        low, high = (
            np.maximum(0, centre.astype(int) - reach),
            np.maximum(0, centre.astype(int) + reach),
        )
        window = np.s_[low[0] : high[0], low[1] : high[1]]
        inner = ellipse_distance(
            cells[window].shape, centre - low, tubes.angle[i], tubes.stretch[i]
        )
        wall = inner - tubes.radius[i]
        nearer = wall < nearest[window]
        nearest[window][nearer] = wall[nearer]
        cells[window][nearer] = tubes.cell[i]
    return cells


# ---- organelles --------------------------------------------------------------------


def mitochondria(rng: np.random.Generator, tubes: Tubes, top: float) -> Floats:
    """Place one mitochondrion into each of some wide tubes, between the heights -`top` and `top`.

    Returns
    -------
    ndarray of float32, shape (N, 7)
        Tube, offset y and x from its centre, radius, stretch, angle, height of its middle.
    """
    wide = np.flatnonzero(tubes.radius > 20)
    wide = wide[rng.random(len(wide)) < 0.6]
    radius = np.clip(tubes.radius[wide] * rng.uniform(0.4, 0.6, len(wide)), 10, 28)
    turn = rng.uniform(0, 2 * np.pi, len(wide))
    far = np.maximum(0, tubes.radius[wide] - radius - 6) * np.sqrt(rng.random(len(wide)))
    shape = [radius, rng.uniform(1, 1.8, len(wide)), rng.uniform(0, np.pi, len(wide))]
    rows = [wide, far * np.sin(turn), far * np.cos(turn), *shape]
    return np.stack([*rows, rng.uniform(-top - 20, top + 20, len(wide))], axis=1).astype("f4")


def paint_mitochondria(rows: Floats, tubes: Tubes, z: float, bend: Floats) -> Floats:
    """Return how dark the mitochondria are at `z`, in grey levels; `bend` curves their cristae."""
    dark = np.zeros_like(bend)
    y, x = np.ogrid[: bend.shape[0], : bend.shape[1]]
    for tube, dy, dx, radius, stretch, angle, middle in rows:
        round_off = 1 - ((z - middle) / (2.2 * radius)) ** 2
        if round_off < 0.15:  # the body ends above or below this height
            continue
        centre = tubes.centre_at(z)[int(tube)] + (dy, dx)
        depth = radius * np.sqrt(round_off) - ellipse_distance(bend.shape, centre, angle, stretch)
        cristae = np.sin((np.cos(angle) * x + np.sin(angle) * y) * 0.85 + 2 * bend)
        walls = np.exp(-((depth / 1.6) ** 2)) + 0.6 * np.exp(-(((depth - 5) / 1.5) ** 2))
        body = 1 / (1 + np.exp(np.clip(-depth / 1.2, -40, 40)))
        dark = np.maximum(dark, body * (56 + 16 * cristae) + 36 * walls).astype(np.float32)
    return dark


def ring(radius: float) -> Floats:
    """Return the kernel of a small round body with a dark rim of height 1."""
    y, x = np.ogrid[-14:15, -14:15]
    rho = np.hypot(y, x)
    return np.asarray(np.exp(-(((rho - radius) / 1.3) ** 2)) + 0.3 * (rho < radius), np.float32)


def scatter(
    rng: np.random.Generator, where: Floats, per_slice: int, radius: float, dark: float
) -> Floats:
    """Scatter rings, about `per_slice` on 512 x 512 pixels, in proportion to `where`."""
    wanted = per_slice * where.size / 512**2
    hits = rng.random(where.shape, dtype=np.float32) * max(float(where.sum()), 1) < where * wanted
    depth = rng.uniform(0.5 * dark, dark, where.shape).astype(np.float32)
    return np.asarray(cv2.filter2D(hits * depth, -1, ring(radius)), np.float32)


def organelles(rng: np.random.Generator, room: Floats, rich: Floats, synapse: Floats) -> Floats:
    """Return how dark vesicles, vacuoles and microtubules are where there is `room` for them."""
    crowd = (room > 9) * rich * (0.3 + 2 * cv2.GaussianBlur(synapse, (0, 0), 14))
    dark = scatter(rng, crowd, 220, 4.0, 95) + scatter(rng, crowd, 150, 5.0, 85)
    dark += scatter(rng, (room > 14).astype(np.float32), 22, 8.0, 75)
    dark += scatter(rng, ((room > 6) * (1.3 - rich)).astype(np.float32), 420, 2.2, 85)
    return 75 * np.tanh(dark / 75)  # bodies that overlap do not turn black


# ---- sections ----------------------------------------------------------------------


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

    @classmethod
    def random(cls, rng: np.random.Generator, size: int, top: float) -> Tissue:
        """Draw a tissue that fills the heights -`top` to `top`."""
        tubes = grow_tubes(rng, size + 2 * PAD)
        cells = len(tubes.cell) + 1
        glia = rng.random(cells) < 0.07  # dark cells
        return cls(
            size=size,
            tubes=tubes,
            mitochondria=mitochondria(rng, tubes, top),
            warps=[{axis: Drift.random(rng, size, *warp) for axis in "yx"} for warp in WARPS],
            thickness=Drift.random(rng, size, 14, 300),
            synapse=Drift.random(rng, size, 13, 330),
            stain=Drift.random(rng, size, 22, 300, 11),
            shade=(rng.normal(0, 12, cells) - 28 * glia).astype(np.float32),
            rich=(rng.random(cells) < 0.45).astype(np.float32),
        )

    def view(self, z: float) -> tuple[Floats, Floats]:
        """Return where in the tissue the pixels of the field of view lie: x and y."""
        y, x = np.mgrid[: self.size, : self.size].astype(np.float32) + PAD
        return x + sum(w["x"].at(z) for w in self.warps), y + sum(w["y"].at(z) for w in self.warps)

    def cells(self, z: float) -> Ints:
        """Return the cells ``(size, size)`` seen at the height `z`."""
        flat = cells_at(self.tubes, z, self.size + 2 * PAD).astype(np.float32)
        return np.asarray(cv2.remap(flat, *self.view(z), cv2.INTER_NEAREST), np.int32)


def border_distance(cells: Ints) -> Floats:
    """Return the distance of each pixel from the nearest border between two cells."""
    edge = ndi.maximum_filter(cells, 2) != ndi.minimum_filter(cells, 2)
    return np.asarray(cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def opacity(tissue: Tissue, z: float, half: Floats) -> Floats:
    """Return how much of the section's thickness is membrane of half thickness `half`: 0 to 1."""
    levels = z + ((np.arange(DEPTHS) + 0.5) / DEPTHS - 0.5) * SECTION
    seen = [np.exp(-((border_distance(tissue.cells(level)) / half) ** 4)) for level in levels]
    return np.asarray(cv2.GaussianBlur(np.mean(seen, axis=0), (0, 0), 0.9), np.float32)


def paint_truth(opaque: Floats, cells: Ints) -> Bytes:
    """Return 1 in cells and 0 on membrane, as a person would have painted it."""
    thin = cv2.GaussianBlur(opaque, (0, 0), 1.2) < MEMBRANE_AT
    truth = (thin & (border_distance(cells) > 1.2)).astype(np.uint8)
    truth = cv2.morphologyEx(truth, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, parts = cv2.connectedComponents(truth, connectivity=4)
    inside = cv2.distanceTransform(truth, cv2.DIST_L2, 5)
    widest = ndi.maximum(inside, parts, np.arange(count))
    return np.asarray(truth * (widest > NARROWEST)[parts], np.uint8)


def section(rng: np.random.Generator, tissue: Tissue, z: float) -> tuple[Floats, Bytes]:
    """Return grey levels and truth (0, 1) of the section at the height `z`, without noise."""
    synapse = np.clip(tissue.synapse.at(z) - 1.6, 0, 1.2)
    uneven = tissue.thickness.at(z)
    opaque = opacity(tissue, z, HALF_THICKNESS * (1 + 0.2 * uneven) + 3 * synapse)
    cells = tissue.cells(z)
    truth = paint_truth(opaque, cells)
    inside = cv2.distanceTransform(truth, cv2.DIST_L2, 5)
    bend = smooth_noise(rng, tissue.size + 2 * PAD, 9)
    mito = paint_mitochondria(tissue.mitochondria, tissue.tubes, z, bend)
    mito = cv2.remap(mito, *tissue.view(z), cv2.INTER_LINEAR) * np.clip((inside - 2) / 3, 0, 1)
    small = organelles(rng, inside * (mito < 5), tissue.rich[cells], synapse)
    grey = CYTOPLASM + cv2.GaussianBlur(tissue.shade[cells], (0, 0), 2) - mito - small
    grey += (MEMBRANE - 10 * uneven - grey) * (1 - (1 - opaque) ** 2.2)
    grey += tissue.stain.at(z) - 45 * synapse * np.exp(-inside / 9)
    return cv2.GaussianBlur(grey, (0, 0), 0.6), truth


# ---- microscope --------------------------------------------------------------------


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


def make_phantom(seed: int, slices: int, size: int) -> tuple[Bytes, Bytes]:
    """Make a phantom: grey levels and truth (0 membrane, 255 cell).

    Returns
    -------
    stack, truth : ndarray of uint8, shape (Z, Y, X)
    """
    rng = np.random.default_rng(seed)
    heights = (np.arange(slices) - (slices - 1) / 2) * SECTION
    tissue = Tissue.random(rng, size, heights[-1])
    pairs = [section(rng, tissue, z) for z in heights]
    greys = [grey for grey, _ in pairs]
    dirty = slices // 2
    greys[dirty] = add_dirt(rng, greys[dirty])
    truth = np.stack([truth for _, truth in pairs]) * np.uint8(255)
    return np.stack([record(rng, grey) for grey in greys]), truth


# ---- files -------------------------------------------------------------------------


def save(path: Path, stack: Bytes) -> None:
    """Write a stack ``(Z, Y, X)`` as a compressed OME-TIFF that knows its voxel size."""
    z, y, x = (length / 1000 for length in VOXEL_SIZE_NM)
    sizes = {"PhysicalSizeX": x, "PhysicalSizeY": y, "PhysicalSizeZ": z}
    units = {f"{key}Unit": "µm" for key in sizes}
    identity = str(uuid5(NAMESPACE_URL, path.name))  # else each run writes other bytes
    tifffile.imwrite(
        path,
        stack,
        ome=True,
        compression="zlib",
        compressionargs={"level": 9},
        resolution=(1e4 / x, 1e4 / y),
        resolutionunit="CENTIMETER",
        metadata={"axes": "ZYX", "UUID": identity, **sizes, **units},
    )


@click.command()
@click.option("--seed", default=0, show_default=True, help="Another seed, another tissue.")
@click.option("--slices", default=8, show_default=True, type=click.IntRange(1))
@click.option("--size", default=512, show_default=True, type=click.IntRange(64))
@click.option(
    "--out", default=Path(__file__).parent, type=click.Path(file_okay=False, path_type=Path)
)
def main(seed: int, slices: int, size: int, out: Path) -> None:
    """Write phantom.tif and phantom_labels.tif into the folder OUT."""
    stack, truth = make_phantom(seed, slices, size)
    out.mkdir(parents=True, exist_ok=True)
    save(out / "phantom.tif", stack)
    save(out / "phantom_labels.tif", truth)
    click.echo(f"{slices} slices of {size} x {size} pixels in {out}")


if __name__ == "__main__":
    main()
