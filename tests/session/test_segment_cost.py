"""What a click will take, in words; when it is said is in `test_segment`."""

from __future__ import annotations

from napari_emseg.model.predict.predictor import CostEstimate
from napari_emseg.session.segment.cost import sentence


def test_sentence():
    cost = CostEstimate("OpenVINO int8 on cpu:0", tiles=4, seconds=2.5, bytes_at_once=300 * 2**20)
    assert sentence(cost, 30) == (
        "30 slices of 4 tiles will take about 1 min 15 s and 300 MiB with OpenVINO int8 on cpu:0."
    )
