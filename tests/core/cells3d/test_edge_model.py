"""What is learned of edges."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from tests.core.cells3d.made_volumes import plain_model

from napari_emseg.core.cells3d.edge_model import EdgeModel, Perceptron
from napari_emseg.errors import ModelError


def learned(seed: int = 0) -> tuple[Perceptron, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (2000, 3)).astype(np.float32)
    together = x[:, 0] * x[:, 1] > 0  # no line parts these
    return Perceptron.begin(x, 8, rng).fit(x, together), x, together


def test_learns_what_no_line_parts() -> None:
    perceptron, x, together = learned()
    assert ((perceptron.probability(x) > 0.5) == together).mean() > 0.95


def test_learning_is_the_same_each_time() -> None:
    assert np.array_equal(learned()[0].output, learned()[0].output)


def test_stays_near_where_it_was() -> None:
    perceptron, x, together = learned()
    turned = perceptron.fit(x[:20], ~together[:20], stay=1e6)
    assert np.allclose(turned.output, perceptron.output, atol=1e-3)
    freed = perceptron.fit(x[:20], ~together[:20], stay=0)
    assert ((freed.probability(x[:20]) > 0.5) == ~together[:20]).all()


def test_weights_count() -> None:
    x = np.zeros((2, 1), np.float32)
    begun = Perceptron.begin(np.array([[-1.0], [1.0]], np.float32), 2, np.random.default_rng(0))
    fitted = begun.fit(x, np.array([True, False]), np.array([3.0, 1.0]))
    assert fitted.probability(x)[0] == pytest.approx(0.75, abs=0.01)


def test_mean_of_several_is_the_mean_of_their_logits() -> None:
    (a, x, _), (b, _, _) = learned(0), learned(1)
    b = Perceptron(a.mean, a.scale, b.hidden, b.hidden_bias, b.output)

    def logit(each: Perceptron) -> np.ndarray:
        p = each.probability(x)
        return np.log(p / (1 - p))

    mean = Perceptron.mean_of([a, b])
    sure = (np.abs(logit(a)) < 6) & (np.abs(logit(b)) < 6)
    assert np.allclose(logit(mean)[sure], (logit(a) + logit(b))[sure] / 2, atol=1e-6)
    shifted = a.shifted(0.5)
    assert np.allclose((logit(shifted) - logit(a))[np.abs(logit(a)) < 5], 0.5, atol=1e-6)


def test_many_edges_are_weighed_in_little_memory() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (100_000, 40)).astype(np.float32)
    model = Perceptron.begin(features[:1000], 32, rng)
    tracemalloc.start()
    found = model.probability(features)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6  # all at once take 150 MB
    some = [0, 16_383, 16_384, 99_999]
    np.testing.assert_allclose(found[some], model.probability(features[some]), rtol=1e-12)
    assert model.probability(features[:0]).shape == (0,)


def test_comes_back_from_its_arrays() -> None:
    model = plain_model()
    back = EdgeModel.from_arrays(model.to_arrays())
    for kind, each in model.of_kind.items():
        assert np.allclose(back.of_kind[kind].hidden, each.hidden)
        assert back.of_kind[kind].unit == each.unit


@pytest.mark.parametrize("damage", ["missing", "shape", "nan", "unit"])
def test_damaged_arrays_are_refused(damage: str) -> None:
    arrays = plain_model().to_arrays()
    if damage == "missing":
        del arrays["next_output"]
    elif damage == "shape":
        arrays["border_mean"] = arrays["border_mean"][:-1]
    elif damage == "nan":
        arrays["across_hidden"] = np.full_like(arrays["across_hidden"], np.nan)
    else:
        arrays["border_unit"] = np.float32(0)
    with pytest.raises(ModelError, match="edges"):
        EdgeModel.from_arrays(arrays)
