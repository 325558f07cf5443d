"""The predictions that a dock has made and may go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_emseg.ui.prediction.prediction_layers import Prediction, living

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_emseg.io.scratch import Scratch
    from napari_emseg.model.packages.package import ModelPackage


class Predictions:
    """One for each image and model, for as long as nobody edits or removes its layers.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers go.
    scratch : Scratch
        Where the shared files lie.
    """

    def __init__(self, viewer: ViewerModel, scratch: Scratch) -> None:
        self._viewer, self._scratch = viewer, scratch
        self._alive: list[Prediction] = []

    def __contains__(self, prediction: Prediction) -> bool:
        return prediction in self._alive

    def of(self, image: Image, package: ModelPackage) -> Prediction:
        """The prediction to fill: the one that is there, else a new one."""
        self._release_ended()
        for prediction in self._alive:
            if prediction.serves(image, str(package.folder)):
                return prediction
        self._alive.append(Prediction(self._viewer, image, package, self._scratch))
        return self._alive[-1]

    def adopt(self, prediction: Prediction) -> None:
        """Go on with one that another dock has made."""
        if prediction not in self._alive and prediction.serves(prediction.image, prediction.model):
            self._alive.append(prediction)

    def stop(self) -> None:
        """Make no more of masks and cells."""
        for prediction in self._alive:
            prediction.stop()

    def _release_ended(self) -> None:
        """Let go of predictions whose layers are edited or removed."""
        ended = [p for p in self._alive if not p.serves(p.image, p.model)]
        for prediction in ended:
            prediction.release()
            self._alive.remove(prediction)


def newest_prediction(image: Image | None = None) -> Prediction | None:
    """The newest prediction of an image, or of any, that holds slices and is in its viewer."""
    found = [
        each
        for each in living
        if each.done and each.is_shown and (image is None or each.image is image)
    ]
    return max(found, key=lambda each: each.number, default=None)
