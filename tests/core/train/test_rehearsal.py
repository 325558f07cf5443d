"""What a training leaves to those that go on from its model."""

from __future__ import annotations

import numpy as np

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.train.rehearsal import MOST_PX, Example, make_rehearsal_set
from napari_emseg.core.train.source import PatchSource
from napari_emseg.core.train.targets import SliceTarget, Target


def a_target(slices: int, shape: tuple[int, int]) -> tuple[dict[int, np.ndarray], Target]:
    rng = np.random.default_rng(0)
    images = {z: rng.normal(size=shape).astype(np.float32) for z in range(slices)}
    classes = rng.integers(0, 2, (slices, *shape), np.uint8)
    weights = np.ones(classes.shape, np.float32)
    return images, Target(
        classes.shape, {z: SliceTarget(classes[z], weights[z]) for z in range(slices)}
    )


def made_of(images, target, slices, network, before=()):
    return make_rehearsal_set([PatchSource(images, target, tuple(slices))], network, before)


def an_example(edge: int, value: int) -> Example:
    return Example(
        np.full((1, edge, edge), value, np.float32),
        np.zeros((edge, edge), np.uint8),
        np.ones((edge, edge), np.float32),
    )


def test_it_holds_the_slices_that_trained():
    images, target = a_target(4, (32, 40))
    rehearsal_set = made_of(images, target, (1, 3), NetworkConfig())
    assert len(rehearsal_set) == 2
    np.testing.assert_array_equal(rehearsal_set[1].image, images[3][np.newaxis])
    np.testing.assert_array_equal(rehearsal_set[1].classes, target[3].classes)


def test_neighbours_come_along():
    images, target = a_target(3, (32, 32))
    (example,) = made_of(images, target, (2,), NetworkConfig(input_slices=3))
    np.testing.assert_array_equal(example.image, np.stack([images[k] for k in (1, 2, 2)]))


def test_what_did_not_train_is_left_out():
    images, target = a_target(1, (32, 40))
    target[0].weights[:, 30:] = 0
    (example,) = made_of(images, target, (0,), NetworkConfig())
    assert example.classes.shape == (32, 30)


def test_it_is_bounded_and_spread():
    images, target = a_target(40, (512, 512))
    rehearsal_set = made_of(images, target, range(40), NetworkConfig())
    assert sum(each.size for each in rehearsal_set) == MOST_PX
    np.testing.assert_array_equal(rehearsal_set[0].image[0], images[0])
    np.testing.assert_array_equal(rehearsal_set[-1].image[0], images[39])


def test_a_large_slice_gives_its_middle():
    images, target = a_target(1, (3000, 2600))
    (example,) = made_of(images, target, (0,), NetworkConfig())
    np.testing.assert_array_equal(example.image[0], images[0][988:2012, 788:1812])


def test_what_was_learned_before_keeps_half_of_the_room():
    images, target = a_target(40, (512, 512))
    before = [an_example(512, k) for k in range(16)]
    rehearsal_set = made_of(images, target, range(40), NetworkConfig(), before)
    assert [int(each.image[0, 0, 0]) for each in rehearsal_set[:8]] == [0, 2, 4, 6, 9, 11, 13, 15]
    assert sum(each.size for each in rehearsal_set) == MOST_PX
    np.testing.assert_array_equal(rehearsal_set[8].image[0], images[0])


def test_a_long_chain_stays_bounded():
    images, target = a_target(2, (512, 512))
    rehearsal_set = ()
    for _ in range(20):
        rehearsal_set = made_of(images, target, (0, 1), NetworkConfig(), rehearsal_set)
    assert sum(each.size for each in rehearsal_set) <= MOST_PX


def test_several_sources_have_as_much_room_each():
    small, large = a_target(40, (512, 512)), a_target(5, (1024, 1024))
    sources = [PatchSource(*small, tuple(range(40))), PatchSource(*large, tuple(range(5)))]
    rehearsal_set = make_rehearsal_set(sources, NetworkConfig())
    assert [each.classes.shape[0] for each in rehearsal_set] == [512] * 8 + [1024] * 2
    assert sum(each.size for each in rehearsal_set) == MOST_PX


def test_a_source_of_which_nothing_is_known_leaves_nothing():
    images, target = a_target(2, (32, 32))
    target[1].weights[:] = 0
    assert made_of(images, target, (1,), NetworkConfig()) == []
