"""Patches as the training will see them, made anew whenever a setting changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_emseg.engine.train.request import TrainRequest
from napari_emseg.errors import EmsegError
from napari_emseg.ui.background.latest import Latest
from napari_emseg.ui.train.augmentation_form import AugmentationPanel
from napari_emseg.ui.train.augmentation_layers import AugmentationLayers

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_emseg.core.train.patch_preview import PatchSource
    from napari_emseg.core.train.patches import Batch


class AugmentationPreview:
    """Makes patches in a thread and shows them as layers, from *Preview* to *Remove*.

    Parameters
    ----------
    panel : AugmentationPanel
        Settings and buttons.
    layers : AugmentationLayers
        Where patches are shown.
    request : callable
        Gives the training that is chosen now.
    image : callable
        Gives the image layer that is chosen now.
    """

    def __init__(
        self,
        panel: AugmentationPanel,
        layers: AugmentationLayers,
        request: Callable[[], TrainRequest],
        image: Callable[[], Image | None],
    ) -> None:
        self._panel, self._layers = panel, layers
        self._request, self._image = request, image
        self._making = Latest(panel)
        self._source: PatchSource | None = None
        self._first = 0
        self._is_on = False
        panel.preview.changed.connect(self.begin)
        panel.again.changed.connect(self.again)
        panel.remove.changed.connect(self.end)
        panel.changed.connect(self.renew)

    def begin(self) -> None:
        """Show the patches of the first steps."""
        self._is_on, self._first = True, 0
        self.renew()

    def again(self) -> None:
        """Show those of the steps that follow."""
        if not self._is_on:
            self.begin()
            return
        self._first += self._steps
        self.renew()

    def end(self) -> None:
        """Take away what was added."""
        self._is_on, self._source = False, None
        self._making.cancel()
        self._layers.remove()
        self._panel.show_problem("")

    def forget(self) -> None:
        """Data or roles have changed: what was read of them does not count any more."""
        self._source = None
        self.renew()

    def stop(self) -> None:
        """Make no more."""
        self._is_on = False
        self._making.stop()
        self._layers.stop()

    def renew(self) -> None:
        """Show patches by the settings of now, where they are wanted."""
        if not self._is_on:
            return
        try:
            request, count = self._request(), int(self._panel.count.value)
        except EmsegError as error:
            self._panel.show_problem(str(error))
            return
        self._steps = -(-count // request.recipe.train.batch_size)
        source, first = self._source, self._first

        def make() -> tuple[PatchSource, Batch]:
            known = request.patch_source() if source is None else source
            return known, known.patches(request.recipe, first=first, count=count)

        self._making.want(make, lambda made: self._show(*made), self._panel.show_problem)

    def _show(self, source: PatchSource, batch: Batch) -> None:
        self._source = source
        panel = self._panel
        panel.show_problem(
            f"Steps {self._first + 1} to {self._first + self._steps} of the training."
        )
        self._layers.show(
            batch, self._image(), weights=panel.weights.value, known=panel.known.value
        )
