"""What of a layer is copied for the worker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.io.scratch import Scratch
from napari_emseg.model.packages.package import ModelPackage, PackageInfo
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.prediction.prediction import Prediction, PredictionSettings
from napari_emseg.ui.prediction.source_image import LayerImage


@pytest.mark.parametrize(
    ("input_slices", "wanted", "copied"),
    [(1, [2], [2]), (3, [2], [1, 2, 3]), (3, [0, 4], [0, 1, 3, 4])],
)
def test_what_the_network_sees_is_copied_and_no_more(tmp_path, input_slices, wanted, copied):
    viewer = ViewerModel()
    image = viewer.add_image(np.full((5, 12, 10), 7, np.uint8))
    info = PackageInfo("probe", network=NetworkConfig(input_slices=input_slices))
    with Scratch(tmp_path) as scratch:
        package = ModelPackage(Path("probe"), info)
        prediction = Prediction(LayerImage(viewer, image), package, scratch, DirectExecutor())
        prediction.job(wanted, PredictionSettings(prediction.package, "auto", PredictConfig()))
        assert [z for z in range(5) if prediction.source[z].all()] == copied
