"""What a person has corrected becomes a training, and what is held out of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_emseg.core.config.correction import RetrainConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.train.split import split_target
from napari_emseg.engine.train.held_out import HeldOut
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.engine.train.retrain_request import next_name, retrain_request
from napari_emseg.errors import LabelsError
from napari_emseg.io.folders import library_folder
from napari_emseg.model.packages.library import DEFAULT, find_model, import_model
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.types import Stack, noted_names

SHAPE = (5, 64, 80)


@pytest.fixture
def default():
    return find_model(DEFAULT)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 8:56, 8:72] = 1
    labels[:, :, ::11] = 0
    image = rng.integers(0, 255, SHAPE, np.uint8)
    return TrainingData(Stack(image, name="em"), Stack(labels, name="painted", kind="labels"))


def test_it_goes_on_from_the_model_with_all_that_is_asked(data, default):
    config = RetrainConfig(minutes=3, learning_rate=2e-4, rehearse=0.1)
    request = retrain_request(data, (1, 3), default, config, device="cpu")
    assert request.start_from == str(default.folder)
    train = request.recipe.train
    assert (train.minutes, train.learning_rate, train.rehearse) == (3, 2e-4, 0.1)
    assert request.recipe.network == default.info.network
    assert request.device == "cpu"
    assert request.split.used == (1, 3)
    assert request.split.named_validation == (3,)
    assert request.name == "default, corrected 1"


def test_only_corrected_slices_are_copied(data, default, tmp_path):
    run, job = retrain_request(data, (3, 1), default, RetrainConfig()).prepare()
    (files,) = job.stacks
    assert files.slices == (1, 3)
    labels = np.load(files.labels)
    np.testing.assert_array_equal(labels[[1, 3]], data.labels.data[[1, 3]])
    assert not labels[[0, 2, 4]].any()
    run.discard()


def test_nothing_corrected_is_refused(data, default):
    with pytest.raises(LabelsError, match="no slice"):
        retrain_request(data, (), default, RetrainConfig())


@pytest.mark.parametrize(
    ("values", "meaning"), [((1,), "mask"), ((255,), "mask"), ((1, 2), "instances")]
)
def test_a_corrected_slice_is_known_everywhere(data, default, values, meaning):
    """A stray stroke with label 2 does not turn the mask into scribbles."""
    labels = data.labels.data
    labels[1] *= values[0]
    labels[1, 30, 30] = values[-1]
    labels[4, 30, 30] = 9  # on a slice that nobody corrected
    assert retrain_request(data, (1,), default, RetrainConfig()).meaning == meaning


def test_each_round_has_a_name_of_its_own(default):
    library_folder().mkdir(parents=True, exist_ok=True)
    first = import_model(default.folder, "default, corrected 1")
    assert next_name(default) == "default, corrected 2"
    assert next_name(first) == "default, corrected 2"
    mine = import_model(default.folder, "mine")
    assert next_name(mine) == "mine, corrected 1"


def test_what_is_held_out_is_what_the_trainer_holds_out(data, default):
    request = retrain_request(data, (2,), default, RetrainConfig())
    target = data.target(request.meaning, request.recipe.train, request.split)
    split = split_target(target, fraction=request.recipe.train.val_fraction)
    held_out = HeldOut.of(request)
    assert held_out.slices == split.validation == (2,)
    assert held_out.cut == split.cut
    assert "right part of slice 2" in str(held_out)


def test_whole_slices_are_held_out_of_several(data, default):
    held_out = HeldOut.of(retrain_request(data, (0, 1, 4), default, RetrainConfig()))
    assert held_out.cut is None
    assert held_out.slices == (1,)
    assert str(held_out) == "on slice 1, held out"


def test_it_scores_what_was_painted_when_training_began(data, default):
    held_out = HeldOut.of(retrain_request(data, (2,), default, RetrainConfig()))
    truth = data.labels.data.astype(np.float32)
    assert held_out.v_rand(truth) == pytest.approx(1)
    data.labels.data[2] = 1
    assert held_out.v_rand(truth) == pytest.approx(1)
    wrong = truth.copy()
    wrong[2, :, : held_out.cut] = 1  # what trained does not count
    assert held_out.v_rand(wrong) == pytest.approx(1)
    assert held_out.v_rand(np.ones(SHAPE, np.float32)) < 0.7


@pytest.mark.parametrize(
    ("names", "classes", "said"),
    [
        ((), 3, "received a mask or cells; make its classes editable"),
        (("membrane", "cell", "mitochondrion"), 2, "train a model of these in the dock Train"),
    ],
)
def test_labels_of_other_classes_than_the_model_has_are_refused(
    data, default, names, classes, said
):
    labels = data.labels.with_data(data.labels.data, edits=noted_names(names))
    info = replace(default.info, network=NetworkConfig(classes=classes))
    package = ModelPackage(default.folder, info)
    with pytest.raises(LabelsError, match=said):
        retrain_request(TrainingData(data.images, labels), (1,), package, RetrainConfig())


def test_corrected_classes_are_learned_as_such(data, default):
    names = ("membrane", "cell", "mitochondrion")
    labels = data.labels.with_data(data.labels.data + 1, edits=noted_names(names))
    network = NetworkConfig(classes=3, class_names=",".join(names))
    package = ModelPackage(default.folder, replace(default.info, network=network))
    request = retrain_request(TrainingData(data.images, labels), (1,), package, RetrainConfig())
    assert request.meaning == "scribbles"
    assert request.recipe.network.names == names
    cells = (data.labels.data > 0).astype(np.float32)
    assert HeldOut.of(request).v_rand(cells) == pytest.approx(1)  # membrane is 1 there, not 0
