"""What each labelled slice is for: to train on, to validate on, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from napari_emseg.core.train.split import split_slices

Role: TypeAlias = Literal["train", "validate", "both", "not used", "not labelled"]
"""A single labelled slice does both: a part of it validates, see `core.train.split`."""

_ORDER: tuple[Role, ...] = ("train", "validate", "not used")


@dataclass(frozen=True)
class SliceSplit:
    """Which slices train and which validate; where there are labels, neither is empty.

    Parameters
    ----------
    labelled, train, validation : tuple of int
        Slices, ascending. A single labelled slice is in all three.
    by_hand : bool
        Whether a person has chosen.
    """

    labelled: tuple[int, ...] = ()
    train: tuple[int, ...] = ()
    validation: tuple[int, ...] = ()
    by_hand: bool = False

    @classmethod
    def spread(cls, labelled: Sequence[int], fraction: float) -> SliceSplit:
        """Hold out a fraction, spread over the labelled slices."""
        if len(labelled) < 2:
            return cls(tuple(labelled), tuple(labelled), tuple(labelled))
        split = split_slices(labelled, fraction=fraction)
        return cls(tuple(labelled), split.train, split.validation)

    @property
    def used(self) -> tuple[int, ...]:
        """Slices that train or validate."""
        return tuple(sorted({*self.train, *self.validation}))

    @property
    def named_validation(self) -> tuple[int, ...] | None:
        """Slices to validate on; None where they share the only slice with the training."""
        return None if self.train == self.validation else self.validation

    def of(self, z: int) -> Role:
        """What slice ``z`` is for."""
        if z not in self.labelled:
            return "not labelled"
        if z in self.train:
            return "both" if z in self.validation else "train"
        return "validate" if z in self.validation else "not used"

    def turned(self, z: int) -> SliceSplit:
        """Give slice ``z`` its next role: train, validate, not used, and round again.

        A role without which nothing would train or validate is passed over. A slice that is not
        labelled has none.
        """
        now = self.of(z)
        if now not in _ORDER:
            return self
        following = (_ORDER.index(now) + k for k in (1, 2))
        changed = (self._with(z, _ORDER[k % 3]) for k in following)
        return next((each for each in changed if each.train and each.validation), self)

    def kept_for(self, labelled: Sequence[int], fraction: float) -> SliceSplit:
        """The same roles for other labelled slices, of which new ones train.

        Where nobody has chosen, or the choice leaves one of the roles empty, they are spread anew.
        """
        train = tuple(z for z in labelled if z in self.train or z not in self.labelled)
        validation = tuple(z for z in labelled if z in self.validation)
        if self.by_hand and train and validation:
            return replace(self, labelled=tuple(labelled), train=train, validation=validation)
        return SliceSplit.spread(labelled, fraction)

    def _with(self, z: int, role: Role) -> SliceSplit:
        return replace(
            self,
            train=_put(self.train, z, role == "train"),
            validation=_put(self.validation, z, role == "validate"),
            by_hand=True,
        )


def _put(slices: tuple[int, ...], z: int, inside: bool) -> tuple[int, ...]:
    rest = {*slices} - {z}
    return tuple(sorted(rest | {z} if inside else rest))
