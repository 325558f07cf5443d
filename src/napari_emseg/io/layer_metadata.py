"""What we note in the metadata of a napari layer, and read there again: one typed accessor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

KEY = "napari_emseg"
"""Key of what is ours in a layer's metadata."""

CHANGES = "changes"
"""The kind of a layer that shows where two predictions differ."""

PREVIEW = "preview"
"""The kind of a layer that shows a training: what it sees, or what it says by now."""

_ORIGIN = {"source": str, "model": str, "kind": str, "made": (int, float)}
"""What is kept in a file beside the pixels, and what it is for JSON."""


@dataclass(frozen=True)
class LayerMetadata:
    """What a layer of ours says of itself.

    Parameters
    ----------
    source : str
        Name of the image that was predicted, or whose prediction is corrected; else empty.
    model : str
        Folder of the model that predicted it; empty where the layer is no prediction.
    kind : str
        ``probability``, ``mask`` or ``cells``, where that is known, or `CHANGES` or `PREVIEW`; else
        empty.
    made : float
        When it was predicted, in seconds since 1970; the layers of one prediction share it. 0 where
        it is not known.
    edits : Edits or dict, optional
        What a person has changed: `napari_emseg.core.correct.edits.Edits` while the layer is
        watched, the note of it as a file holds it otherwise.
    errors_of : str
        Name of the prediction whose errors the layer shows; empty where it shows none.
    thickness_assumed : bool
        Whether the first edge length of the layer's voxels is a guess, which is not to be recorded.
    notes : tuple of str
        What was guessed when the layer's file was read, a sentence each.
    class_names : tuple of str
        What classes are called, where the layer holds these as scribbles do: 0 is unknown, 1 the
        first of them, and so on. Empty where it holds something else, or nobody knows.
    predicted : tuple of int, optional
        Slices that a model has filled as a whole; None where nobody knows.
    """

    source: str = ""
    model: str = ""
    kind: str = ""
    made: float = 0.0
    edits: Any = None
    errors_of: str = ""
    thickness_assumed: bool = False
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    predicted: tuple[int, ...] | None = None

    @property
    def is_prediction(self) -> bool:
        """Whether a model has made the layer."""
        return bool(self.model) and self.kind != CHANGES

    @property
    def is_correction(self) -> bool:
        """Whether a person corrects there what a model has made."""
        return bool(self.source) and not self.model and not self.errors_of

    @property
    def origin(self) -> dict[str, Any] | None:
        """Where the pixels come from, in a form for JSON; None where that is not known."""
        note = {name: getattr(self, name) for name in _ORIGIN}
        note = {name: value for name, value in note.items() if value != _NOTHING[name]}
        return note or None

    @classmethod
    def from_origin(cls, note: Any, **others: Any) -> LayerMetadata:
        """With what `origin` gave, as far as it can be understood."""
        found = note if isinstance(note, Mapping) else {}
        known = {
            name: found[name]
            for name, kind in _ORIGIN.items()
            if isinstance(found.get(name), kind)  # type: ignore[arg-type]
        }
        return cls(**known, **others)

    def stored(self, others: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The metadata of a layer: ours, beside those of ``others`` under other keys."""
        ours = {name: value for name, value in vars(self).items() if value != _NOTHING[name]}
        return {**(others or {}), KEY: ours}


def metadata_of(holder: Any) -> LayerMetadata | None:
    """What a layer, or the ``meta`` that a writer gets, says of itself.

    Parameters
    ----------
    holder : Layer or mapping
        With metadata, or with nothing of ours.

    Returns
    -------
    LayerMetadata or None
        None where the layer is none of ours; keys that are not known are passed over.
    """
    found = holder.get("metadata") if isinstance(holder, Mapping) else holder.metadata
    ours = (found or {}).get(KEY)
    if not isinstance(ours, Mapping):
        return None
    return LayerMetadata(**{name: ours[name] for name in _NAMES if name in ours})


def change_metadata(layer: Any, **changes: Any) -> None:
    """Note something else in a layer's metadata, which otherwise stay."""
    layer.metadata = replace(metadata_of(layer) or LayerMetadata(), **changes).stored(
        layer.metadata
    )


_NAMES = tuple(LayerMetadata.__dataclass_fields__)
_NOTHING = vars(LayerMetadata())
