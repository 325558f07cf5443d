"""The patches of a preview, drawn as layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_emseg.session.train.setup import TrainSetup
from napari_emseg.ui.train.augmentation_form import AugmentationPanel
from napari_emseg.ui.train.augmentation_layers import AugmentationLayers

if TYPE_CHECKING:
    from napari.layers import Image


class AugmentationPreview:
    """Shows what a session makes, from *Preview* to *Remove*.

    Parameters
    ----------
    panel : AugmentationPanel
        Settings and buttons.
    layers : AugmentationLayers
        Where patches are shown.
    setup : TrainSetup
        Makes them.
    image : callable
        Gives the image layer that is chosen now.
    """

    def __init__(
        self,
        panel: AugmentationPanel,
        layers: AugmentationLayers,
        setup: TrainSetup,
        image: Callable[[], Image | None],
    ) -> None:
        self._panel, self._layers, self._image = panel, layers, image
        self._patches = patches = setup.patches
        panel.preview.changed.connect(setup.preview)
        panel.again.changed.connect(patches.again)
        panel.remove.changed.connect(patches.end)
        panel.changed.connect(patches.renew)
        panel.count.changed.connect(patches.show_count)
        for also in (panel.weights, panel.known):
            also.changed.connect(self._draw)
        patches.events.message.connect(panel.show_message)
        patches.events.shown.connect(self._draw)

    def stop(self) -> None:
        """Show nothing more."""
        self._layers.stop()

    def _draw(self) -> None:
        shown, panel = self._patches.shown, self._panel
        if shown is None:
            self._layers.remove()
        else:
            self._layers.show(
                shown.batch, self._image(), weights=panel.weights.value, known=panel.known.value
            )
