"""What lies in the phantom's cells: mitochondria, vesicles, vacuoles, microtubules.

All of it is *cell* in the truth, so it must look like itself and not like membrane.
"""

from __future__ import annotations

import cv2
import numpy as np
from phantom_fields import Floats
from phantom_tissue import Tubes, ellipse_distance


def paint_mitochondria(rows: Floats, tubes: Tubes, z: float, bend: Floats) -> Floats:
    """Return how dark the mitochondria are at `z`, in grey levels; `bend` curves their cristae."""
    dark = np.zeros_like(bend)
    y, x = np.ogrid[: bend.shape[0], : bend.shape[1]]
    for tube, dy, dx, radius, stretch, angle, middle in rows:
        round_off = 1 - ((z - middle) / (2.2 * radius)) ** 2
        if round_off < 0.2:  # the body ends above or below this height
            continue
        centre = tubes.centre_at(z)[int(tube)] + (dy, dx)
        depth = radius * np.sqrt(round_off) - ellipse_distance(bend.shape, centre, angle, stretch)
        cristae = np.sin((np.cos(angle) * x + np.sin(angle) * y) * 0.95 + 2 * bend)
        outer, gap = (np.exp(-(((depth - at) / 1.2) ** 2)) for at in (0, 2.7))
        body = 1 / (1 + np.exp(np.clip(-depth / 1.0, -40, 40)))
        dark = np.maximum(dark, body * (76 + 14 * cristae) + 14 * outer - 22 * gap)
    return np.asarray(dark, np.float32)


def ring(radius: float) -> Floats:
    """Return the kernel of a small round body with a dark rim of height 1."""
    y, x = np.ogrid[-14:15, -14:15]
    rho = np.hypot(y, x)
    return np.asarray(np.exp(-(((rho - radius) / 1.1) ** 2)) + 0.2 * (rho < radius), np.float32)


def scatter(
    rng: np.random.Generator, where: Floats, per_slice: int, radius: float, dark: float
) -> Floats:
    """Scatter rings, about `per_slice` on 512 x 512 pixels, in proportion to `where`."""
    wanted = per_slice * where.size / 512**2
    hits = rng.random(where.shape, dtype=np.float32) * max(float(where.sum()), 1) < where * wanted
    depth = rng.uniform(0.5 * dark, dark, where.shape).astype(np.float32)
    return np.asarray(cv2.filter2D(hits * depth, -1, ring(radius)), np.float32)


def paint_vesicles(rng: np.random.Generator, room: Floats, rich: Floats, synapse: Floats) -> Floats:
    """Return how dark vesicles, vacuoles and microtubules are where there is `room` for them."""
    crowd = (room > 9) * rich * (0.3 + 2 * cv2.GaussianBlur(synapse, (0, 0), 14))
    dark = scatter(rng, crowd, 150, 3.6, 95) + scatter(rng, crowd, 90, 4.4, 90)
    dark += scatter(rng, (room > 16).astype(np.float32), 12, 7.0, 75)
    dark += scatter(rng, ((room > 6) * (1.3 - rich)).astype(np.float32), 380, 1.8, 100)
    return 65 * np.tanh(dark / 65)  # bodies that overlap do not turn black
