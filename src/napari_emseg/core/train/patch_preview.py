"""What training patches look like, before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.normalise import normalise_tissue
from napari_emseg.core.train.patches import Batch, make_batch
from napari_emseg.core.train.split import Split
from napari_emseg.core.train.steps import steps_per_epoch
from napari_emseg.core.train.targets import Target
from napari_emseg.types import Float32Array, Stack


@dataclass(frozen=True, eq=False)
class NormalisedSlices(Mapping[int, Float32Array]):
    """The normalised slices of a stack by index; each is read when it is first asked for."""

    stack: Stack
    _read: dict[int, Float32Array] = field(default_factory=dict)

    def __getitem__(self, z: int) -> Float32Array:
        if z not in self._read:
            self._read[z] = normalise_tissue(self.stack.slice(z))
        return self._read[z]

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.stack)))

    def __len__(self) -> int:
        return len(self.stack)


@dataclass(frozen=True, eq=False)
class PatchSource:
    """Where the patches of a training come from.

    Parameters
    ----------
    images : mapping of int to (Y, X) float32 array
        Normalised slices.
    target : Target
        What is to be learnt from them, as the split leaves it to training.
    slices : tuple of int
        Slices that train.
    """

    images: Mapping[int, Float32Array]
    target: Target
    slices: tuple[int, ...]

    @classmethod
    def of(cls, stack: Stack, target: Target, split: Split) -> PatchSource:
        """Those that a training on this split sees."""
        return cls(NormalisedSlices(stack), split.training_target(target), split.train)

    def patches(self, recipe: Recipe, *, first: int, count: int) -> Batch:
        """The patches of the training with this recipe, beginning with those of step ``first``.

        They are made by the trainer's own function, from the same random draws.

        Parameters
        ----------
        recipe : Recipe
            Augmentation, patch and batch size, seed.
        first : int
            Step of the training, from 0.
        count : int
            How many patches.
        """
        steps = steps_per_epoch(self.target.shape[1:], len(self.slices), recipe)
        batches = [
            make_batch(
                self.images, self.target, self.slices, recipe,
                epoch=1 + k // steps, step=k % steps,
            )
            for k in range(first, first + math.ceil(count / recipe.train.batch_size))
        ]  # fmt: skip
        image, classes, weights = (
            np.concatenate(part)[:count] for part in zip(*batches, strict=True)
        )
        return image, classes, weights
