"""The field in which one of the images of a viewer is chosen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from napari.layers import Image

from napari_emseg.ui.viewer.layers import is_ours
from napari_emseg.ui.viewer.predictions import image_looked_at
from napari_emseg.ui.widgets.followed_choice import FollowedChoice
from napari_emseg.ui.widgets.forms import spare_width

if TYPE_CHECKING:
    from napari.components import ViewerModel


class ImageField(FollowedChoice):
    """Offers the images of a viewer, at first the one that is looked at.

    Parameters
    ----------
    viewer : ViewerModel
        Whose images are offered.
    tooltip : str
        What the image is for.

    Attributes
    ----------
    field : ComboBox
        Its value is the layer, or None where there is none.
    """

    def __init__(self, viewer: ViewerModel, tooltip: str) -> None:
        self.field = spare_width(
            ComboBox(
                name="image", label="Image", tooltip=tooltip,
                choices=lambda _: _images(viewer),
            )
        )  # fmt: skip
        super().__init__(self.field, partial(image_looked_at, viewer), is_led=False)


def _images(viewer: ViewerModel) -> list[tuple[str, Image]]:
    """Names and layers, those that a model has made last."""
    images = [layer for layer in viewer.layers if isinstance(layer, Image)]
    return [(image.name, image) for image in sorted(images, key=is_ours)]
