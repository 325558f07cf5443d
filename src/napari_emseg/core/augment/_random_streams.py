"""Which transforms happen to a patch, and the random stream that each of them draws from."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.config.augmentation import AugmentConfig


class RandomStreams:
    """A random stream for every transform, by name.

    The streams depend on the generator and on the transform's name alone. So a transform that is
    switched on, off or added leaves the draws of all others as they are.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all streams; one number is taken from it.
    config : AugmentConfig
        Has a probability for each transform.
    """

    def __init__(self, rng: np.random.Generator, config: AugmentConfig) -> None:
        self._seed = int(rng.integers(2**63))
        self._config = config

    def stream(self, name: str, which: int = 0) -> np.random.Generator:
        """The stream of what is called ``name``, the same at every call."""
        return np.random.default_rng([self._seed, which, *name.encode()])

    def take(self, name: str, which: int = 0) -> np.random.Generator | None:
        """The stream of transform ``name``, or None where it does not happen to this patch.

        ``which`` tells apart the times that a transform can happen.
        """
        probability = getattr(self._config, f"{name}_probability")
        if probability == 0:  # of the transforms most are off, and a stream is not made in no time
            return None
        stream = self.stream(name, which)
        return stream if stream.random() < probability else None
