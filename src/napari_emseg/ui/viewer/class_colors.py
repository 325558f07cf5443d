"""How a layer of classes looks: a colour for each class, and its name under the pointer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from napari.layers import Labels, Layer
from napari.utils.colormaps import DirectLabelColormap

from napari_emseg.io.layer_metadata import metadata_of
from napari_emseg.ui.viewer.label_colors import label_colors

CLASS_COLORS = (
    "#D55E00", "#56B4E9", "#F0E442", "#009E73", "#CC79A7", "#0072B2", "#E69F00", "#882255",
    "#44AA99", "#999933", "#332288", "#AA4499", "#117733", "#88CCEE", "#DDCC77", "#CC6677",
)  # fmt: skip
"""Of the classes in order, membrane first; the same class has the same one in every layer.

Those of Okabe and Ito, then Tol's (https://personal.sron.nl/~pault), which people with any colour
vision tell apart.
"""


def class_colormap(count: int, hidden: Collection[int] = ()) -> DirectLabelColormap:
    """Colours of so many classes, painted as in scribbles: 0 unknown, 1 the first.

    Parameters
    ----------
    count : int
        How many.
    hidden : collection of int
        What is not to be seen, by the number that it is painted with.
    """
    colors: dict[int | None, str] = {None: "white", 0: "transparent"}
    for number in range(1, count + 1):
        shown = CLASS_COLORS[(number - 1) % len(CLASS_COLORS)]
        colors[number] = "transparent" if number in hidden else shown
    return label_colors(colors)


def class_looks(names: Sequence[str]) -> dict[str, Any]:
    """Arguments of a labels layer that shows classes and names them under the pointer."""
    return {
        "colormap": class_colormap(len(names)),
        "features": {"index": range(len(names) + 1), "class": ["unknown", *names]},
    }


def dress(layer: Labels, names: Sequence[str]) -> None:
    """Show the classes of a layer that came without colours of ours."""
    if not isinstance(layer.colormap, DirectLabelColormap):
        for name, value in class_looks(names).items():
            setattr(layer, name, value)


def hidden_classes(colormap: Any, count: int) -> set[int]:
    """Which of so many classes a colormap of `class_colormap` does not show."""
    colors = colormap.color_dict
    return {k for k in range(1, count + 1) if k in colors and not colors[k][3]}


def class_names_of(layer: Layer | None) -> tuple[str, ...]:
    """What the classes of a layer are called; empty where it holds none, or nobody named them."""
    about = metadata_of(layer) if isinstance(layer, Labels) else None
    return () if about is None else about.class_names
