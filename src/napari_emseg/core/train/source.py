"""What a training learns from: a stack with its labels, alone or among others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from napari_emseg.core.augment.styles import grey_quantiles
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.normalise import normalise_tissue
from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.core.train.rehearsal import Example
from napari_emseg.core.train.split import Split
from napari_emseg.core.train.targets import Target
from napari_emseg.errors import ShapeError
from napari_emseg.types import Float32Array, Stack

_STYLES = 8
"""Slices of a source, at most, whose grey values others may take on."""


@dataclass(frozen=True, eq=False)
class Source:
    """A stack with its labels, as one training uses it.

    Parameters
    ----------
    images : Stack
        Grey values (Z, Y, X) at their own pixels, with dark membranes; numpy or lazy.
    target : Target
        What the labels say at these pixels, by which predictions are judged.
    split : Split
        What of it trains, and what validates.
    resampling : Resampling
        To the pixels of the network.
    taught : Target, optional
        What the labels teach at the pixels of the network; ``target`` where those are its own.
    weight : float
        How often patches are drawn from it, beside other sources; above 0.
    name : str
        What it is called.

    Raises
    ------
    ShapeError
        If images and labels differ in shape.
    """

    images: Stack
    target: Target
    split: Split
    resampling: Resampling = AS_IT_IS
    taught: Target | None = None
    weight: float = 1.0
    name: str = "stack"

    def __post_init__(self) -> None:
        if self.images.shape != self.target.shape:
            raise ShapeError(
                f"labels: expected the image's shape {self.images.shape}, received "
                f"{self.target.shape}"
            )

    @property
    def patches(self) -> PatchSource:
        """Where its patches come from."""
        taught = self.target if self.taught is None else self.taught
        return PatchSource(
            NormalisedSlices(self.images, self.resampling),
            self.split.training_target(taught, self.resampling.across),
            self.split.train,
            self.weight,
        )


@dataclass(frozen=True, eq=False)
class PatchSource:
    """Where patches come from, at the pixels of the network.

    A slice is resampled as a prediction resamples it, and patches are cut from that. Interpolated
    twice it is no more blurred than once: what has been enlarged has no details as fine as pixels
    left to lose, and what has been reduced, by area, is then as any other slice.

    Parameters
    ----------
    images : mapping of int to (Y, X) float32 array
        Normalised slices by index: those that train, and those that the network sees with them.
    target : Target
        What is to be learnt from them, as the split leaves it to training.
    slices : tuple of int
        Slices that train.
    weight : float
        How often patches are drawn from it, beside other sources.
    """

    images: Mapping[int, Float32Array]
    target: Target
    slices: tuple[int, ...]
    weight: float = 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a slice."""
        return self.target.shape[1:]

    @cached_property
    def styles(self) -> list[Float32Array]:
        """Grey values of some slices, which patches of other sources may take on."""
        some = np.linspace(0, len(self.slices) - 1, min(len(self.slices), _STYLES)).round()
        return [grey_quantiles(self.images[self.slices[k]]) for k in some.astype(int).tolist()]

    def seen(self, z: int, network: NetworkConfig) -> list[Float32Array]:
        """Slice ``z`` (Y, X) in the middle of those that the network sees with it."""
        return [self.images[each] for each in network.slices_seen(z, self.target.shape[0])]

    def example(self, z: int, network: NetworkConfig) -> Example:
        """All of slice ``z``."""
        taught = self.target[z]
        return Example(np.stack(self.seen(z, network)), taught.classes, taught.weights)


@dataclass(frozen=True, eq=False)
class NormalisedSlices(Mapping[int, Float32Array]):
    """The normalised slices of a stack by index, at the pixels of a network.

    Each is read when it is first asked for, and held.
    """

    stack: Stack
    resampling: Resampling = AS_IT_IS
    _read: dict[int, Float32Array] = field(default_factory=dict)

    def __getitem__(self, z: int) -> Float32Array:
        if z not in self._read:
            self._read[z] = self.make(z)
        return self._read[z]

    def make(self, z: int) -> Float32Array:
        """Slice ``z``, of which nothing is held."""
        image = normalise_tissue(self.stack.slice(z))
        if not self.resampling.is_needed:
            return image
        resampled: Float32Array = self.resampling.to_network(image[np.newaxis])[0]
        return resampled

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.stack)))

    def __len__(self) -> int:
        return len(self.stack)
