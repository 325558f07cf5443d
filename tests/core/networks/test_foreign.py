from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from napari_emseg.core.networks.foreign import ForeignNetwork, Step
from napari_emseg.core.segment.tiling import plan_tiles

NETWORK = ForeignNetwork(
    shows="membrane", channel=1, after=(Step("sigmoid"),),
    before=(Step("scale_range", (1.0, 99.0, 1e-6)), Step("clip", (0.0, 1.0))),
)  # fmt: skip


def test_it_comes_back_from_yaml():
    text = yaml.safe_dump(NETWORK.to_dict())
    assert ForeignNetwork.from_dict(yaml.safe_load(text)) == NETWORK


@pytest.mark.parametrize(
    "change",
    [
        {"axes": "bczyx"}, {"shows": "nucleus"}, {"input_slices": 2}, {"channel": -1},
        {"multiple": 0}, {"tile_px": 10**6}, {"widest": 0}, {"before": [{"name": "sigmoid"}]},
        {"before": [{"name": "clip", "values": [1]}]}, {"after": ["sigmoid"]},
        {"before": [{"name": "scale_linear", "values": [0, 1]}]},
        {"before": [{"name": "clip", "values": [float("nan"), 1]}]},
    ],
)  # fmt: skip
def test_what_a_stranger_writes_is_checked(change):
    with pytest.raises((ValueError, TypeError, LookupError)):
        ForeignNetwork.from_dict({**NETWORK.to_dict(), **change})


@pytest.mark.parametrize("tile", [64, 96, 128, 250, 256, 512, 572])
@pytest.mark.parametrize("multiple", [1, 2])
@pytest.mark.parametrize("margin", [0, 8, 64, 500])
def test_no_tile_is_larger_than_the_only_one_that_it_takes(tile, multiple, margin):
    network = replace(NETWORK, tile_px=tile, multiple=multiple, margin_px=margin)
    for shape in ((40, 1000), (tile, tile + 1), (3 * tile, 777)):
        tiles = plan_tiles(shape, tile, network.reach, network.multiple)
        assert max(max(each.shape) for each in tiles) <= tile


def test_its_memory_is_told_by_its_widest_operation():
    assert replace(NETWORK, widest=192).first_filters == 64
    assert replace(NETWORK, widest=1).first_filters == 1
