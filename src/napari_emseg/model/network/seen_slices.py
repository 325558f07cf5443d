"""What a network sees of a stack."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.networks.network import Network
from napari_emseg.types import Stack


def read_seen(stack: Stack, z: int, network: Network) -> npt.NDArray[Any]:
    """Slice ``z`` in the middle of the neighbours that the network sees: (C, Y, X), raw."""
    return np.stack([stack.slice(seen) for seen in network.slices_seen(z, len(stack))])
