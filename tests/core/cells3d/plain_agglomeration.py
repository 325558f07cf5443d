"""What agglomeration by mean evidence is, without any library: slow, and easy to check."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.cells3d.agglomerate import Evidence, in_order


def plain_clusters(count: int, evidence: Evidence, bias: float = 0.0) -> np.ndarray:
    """Join the pair with the highest mean evidence until there is none above 0."""
    cluster = np.arange(count)
    while True:
        between: dict[tuple[int, int], list[float]] = {}
        for a, b, logit, size in zip(
            cluster[evidence.first], cluster[evidence.second], evidence.logit, evidence.size,
            strict=True,
        ):  # fmt: skip
            if a != b:
                total = between.setdefault((min(a, b), max(a, b)), [0.0, 0.0])
                total[0] += size * (logit + bias)
                total[1] += size
        if not between:
            return in_order(cluster)
        (a, b), (total, size) = max(between.items(), key=lambda each: each[1][0] / each[1][1])
        if total / size <= 0:
            return in_order(cluster)
        cluster[cluster == b] = a
