"""What a person has changed of a prediction, pixel by pixel and slice by slice.

A pixel is *touched* where its label differs from what stood there before a person first painted on
its slice. So undoing a stroke, or painting the old label again, makes it untouched. When a new
prediction is written around the touched pixels they stay touched, even where it agrees with them.
A slice is *edited* where a pixel of it is touched, and *reviewed* where a person vouches for all of
it; see `merged` for what a new prediction may change. A touched pixel is *redrawn* where it became
cell of membrane or membrane of cell, and not only a cell of another id.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from napari_emseg.core.correct.packed import Packable, Packed
from napari_emseg.types import ArrayLike

BoolImage: TypeAlias = npt.NDArray[np.bool_]
Policy: TypeAlias = Literal["keep my edits", "only empty slices", "replace"]
"""What a prediction that is written into labels leaves as it is."""

EditRole: TypeAlias = Literal["untouched", "edited", "reviewed"]

_VERSION = 1


@dataclass(frozen=True, eq=False)
class SliceEdits:
    """What is known of one slice.

    Parameters
    ----------
    baseline : Packable of (Y, X), optional
        Its labels before a person's first stroke since they were predicted.
    before, before_redrawn : Packed, optional
        Pixels (Y, X) that had been touched, and redrawn, before that prediction.
    reviewed : bool
        Whether a person vouches for all of it.
    """

    baseline: Packable | None = None
    before: Packed | None = None
    before_redrawn: Packed | None = None
    reviewed: bool = False

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Of the slice (Y, X), where anything is known of its pixels."""
        known = self.before if self.baseline is None else self.baseline
        return None if known is None else known.shape

    def touched(self, now: npt.NDArray[Any]) -> BoolImage:
        """Pixels (Y, X) that a person has touched, by the labels (Y, X) as they are now."""
        mask = np.zeros(now.shape, bool) if self.before is None else self.before.unpack()
        if self.baseline is not None:
            mask = mask | (now != self.baseline.unpack())
        return mask

    def redrawn(self, now: npt.NDArray[Any]) -> BoolImage:
        """Those of the touched pixels (Y, X) that are no longer membrane, or no longer cell."""
        kept = self.before_redrawn
        mask = np.zeros(now.shape, bool) if kept is None else kept.unpack()
        if self.baseline is not None:
            mask = mask | ((now != 0) != (self.baseline.unpack() != 0))
        return mask


NOTHING = SliceEdits()


class Edits:
    """What is known of a stack of labels (Z, Y, X).

    Attributes
    ----------
    edited : set of int
        Slices with touched pixels, as far as they have been looked at: a slice that was painted on
        counts until `settle` says that nothing is left of it.
    decisions : dict or None
        What a person has decided about the cells of a volume, see `core.proofread.decision`; None
        where that is nothing.
    """

    def __init__(self) -> None:
        self._slices: dict[int, SliceEdits] = {}
        self.edited: set[int] = set()
        self.decisions: dict[str, Any] | None = None

    def of(self, z: int) -> SliceEdits:
        """What is known of slice ``z``."""
        return self._slices.get(z, NOTHING)

    def put(self, z: int, known: SliceEdits, *, edited: bool) -> None:
        """Know this of slice ``z`` from now on."""
        if known.shape is None and not known.reviewed:
            self._slices.pop(z, None)
        else:
            self._slices[z] = known
        self.settle(z, edited)

    def begin(self, z: int, before: npt.NDArray[Any]) -> None:
        """Slice ``z`` is painted on; ``before`` (Y, X), which nobody writes to, was on it."""
        self._slices[z] = replace(self.of(z), baseline=Packable(before))
        self.edited.add(z)

    def settle(self, z: int, edited: bool) -> None:
        """Slice ``z`` was looked at: something is touched, or nothing."""
        if edited:
            self.edited.add(z)
        else:
            self.edited.discard(z)

    def review(self, z: int, reviewed: bool) -> None:
        """A person vouches for all of slice ``z``, or does not any more."""
        self.put(z, replace(self.of(z), reviewed=reviewed), edited=z in self.edited)

    def predict(
        self, z: int, kept: BoolImage | Packed | None, redrawn: BoolImage | Packed | None = None
    ) -> None:
        """A prediction was written to slice ``z``, save for the pixels ``kept`` (Y, X).

        Of these some are ``redrawn``; all, where that is None.
        """
        if isinstance(kept, np.ndarray):
            kept = packed_mask(kept)
        if kept is None:
            self.put(z, NOTHING, edited=False)
            return
        redrawn = kept if redrawn is None else redrawn
        drawn = Packed.of(redrawn) if isinstance(redrawn, np.ndarray) else redrawn
        known = replace(self.of(z), baseline=None, before=kept, before_redrawn=drawn)
        self.put(z, known, edited=True)

    @property
    def reviewed(self) -> tuple[int, ...]:
        """Slices that a person vouches for, ascending."""
        return tuple(sorted(z for z, known in self._slices.items() if known.reviewed))

    @property
    def slices(self) -> tuple[int, ...]:
        """Slices that count as corrected: edited or reviewed, ascending."""
        return tuple(sorted(self.edited | set(self.reviewed)))

    def role(self, z: int) -> EditRole:
        """What slice ``z`` is shown as."""
        if self.of(z).reviewed:
            return "reviewed"
        return "edited" if z in self.edited else "untouched"

    # -- beside the pixels in a file -----------------------------------------------------------

    def note_of(self, data: ArrayLike) -> dict[str, Any] | None:
        """All of it for JSON, by the labels (Z, Y, X) as they are now; None where it is nothing."""
        stack = data[None] if data.ndim == 2 else data
        masks = {z: self.of(z).touched(np.asarray(stack[z])) for z in sorted(self.edited)}
        touched = {str(z): _to_text(mask) for z, mask in masks.items() if mask.any()}
        redrawn = {z: _to_text(self.of(int(z)).redrawn(np.asarray(stack[int(z)]))) for z in touched}
        if not touched and not self.reviewed and not self.decisions:
            return None
        decided = {} if self.decisions is None else {"decisions": self.decisions}
        return decided | {
            "version": _VERSION,
            "shape": list(stack.shape),
            "reviewed": list(self.reviewed),
            "touched": touched,
            "redrawn": redrawn,
        }

    @classmethod
    def from_note(cls, note: Any, shape: tuple[int, ...]) -> Self:
        """What a file says of labels of this shape; nothing where that cannot be read."""
        edits = cls()
        z_shape = shape if len(shape) == 3 else (1, *shape)
        if not isinstance(note, Mapping) or list(note.get("shape", ())) != list(z_shape):
            return edits
        try:
            for z, text in note["touched"].items():
                drawn = note.get("redrawn", note["touched"])[z]
                edits.predict(int(z), *(_from_text(each, z_shape[1:]) for each in (text, drawn)))
            for z in _within(note["reviewed"], z_shape[0]):
                edits.review(z, reviewed=True)
            edits.decisions = note.get("decisions")
        except (ValueError, TypeError, LookupError, AttributeError):
            return cls()
        return edits


def merged(
    now: npt.NDArray[Any],
    predicted: npt.NDArray[Any],
    known: SliceEdits,
    policy: Policy,
) -> tuple[npt.NDArray[Any], BoolImage] | None:
    """A slice with a prediction written into it.

    Parameters
    ----------
    now, predicted : (Y, X) arrays
        Its labels, and those of the prediction.
    known : SliceEdits
        What a person has done to it.
    policy : {"keep my edits", "only empty slices", "replace"}
        Touched pixels stay, and reviewed slices as they are; or all slices stay save those without
        a label that nobody has touched; or nothing stays.

    Returns
    -------
    tuple of (Y, X) arrays, or None
        Its new labels, and the pixels that were kept; None where the slice stays as it is.
    """
    nothing = np.zeros(now.shape, bool)
    if policy == "replace":
        return predicted.astype(now.dtype), nothing
    touched = known.touched(now)
    if known.reviewed or (policy == "only empty slices" and (now.any() or touched.any())):
        return None
    return np.where(touched, now, predicted).astype(now.dtype), touched


def packed_mask(mask: BoolImage) -> Packed | None:
    """A mask (Y, X) for `Edits.predict`, packed beside the window; None for an empty one."""
    return Packed.of(mask) if mask.any() else None


def _to_text(mask: BoolImage) -> str:
    return base64.b64encode(Packed.of(mask).blob).decode("ascii")


def _from_text(text: str, shape: tuple[int, ...]) -> BoolImage:
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"damaged: {error}") from error
    return Packed(blob, shape, "|b1").unpack()


def _within(slices: Iterable[Any], total: int) -> list[int]:
    return [int(z) for z in slices if 0 <= int(z) < total]
