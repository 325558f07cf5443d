"""What a click will take, in words; that the dock says it in time is in `test_segment`."""

from __future__ import annotations

from napari_emseg.model.predict.predictor import CostEstimate
from napari_emseg.ui.segment.cost_estimate import sentence


def test_sentence():
    outlook = CostEstimate(
        "OpenVINO int8 on cpu:0", tiles=4, seconds=2.5, bytes_at_once=300 * 2**20
    )
    assert sentence(outlook, 30) == (
        "30 slices of 4 tiles will take about 1 min 15 s and 300 MiB with OpenVINO int8 on cpu:0."
    )
