"""How likely two fragments belong to one cell, learned from volumes that people have traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from napari_emseg.core.cells3d.edges import KINDS
from napari_emseg.core.cells3d.graph import FEATURES, FragmentGraph
from napari_emseg.core.cells3d.slice_view import Values
from napari_emseg.errors import ModelError
from napari_emseg.types import Float32Array

_MOST_SURE = 1e-3
"""No edge is surer than this: of a thousand such ones another may be wrong."""

_FARTHEST = 3.0
"""Standard deviations from the mean beyond which a feature says no more than there: what was never
seen is not extrapolated to."""

_AT_ONCE = 2**14
"""Edges that are weighed together."""

_ARRAYS = ("mean", "scale", "hidden", "hidden_bias", "output")


@dataclass(frozen=True, eq=False)
class Perceptron:
    """One hidden layer of tanh, then a logistic output.

    Parameters
    ----------
    mean, scale : (F,) float64 arrays
        Features are normalised by these first.
    hidden : (F, H) float64 array
    hidden_bias : (H,) float64 array
    output : (H + 1,) float64 array
        Weights, and the bias last.
    unit : float
        Mean size of the edges that it learned from: what an edge counts is its size in these.
    """

    mean: Values
    scale: Values
    hidden: Values
    hidden_bias: Values
    output: Values
    unit: float = 1.0

    def probability(self, features: Float32Array) -> Values:
        """Of belonging together, (E,), for features (E, F)."""
        starts = range(0, max(1, len(features)), _AT_ONCE)  # an edge takes some kB meanwhile
        raw = np.concatenate([
            self._logit(self._normalised(features[start : start + _AT_ONCE]), *self._weights)[0]
            for start in starts
        ])  # fmt: skip
        sure: Values = np.clip(expit(raw), _MOST_SURE, 1 - _MOST_SURE)
        return sure

    @classmethod
    def mean_of(cls, members: Sequence[Self]) -> Self:
        """One whose logit is the mean of those of several that learned from the same edges."""
        count = len(members)
        outputs = [each.output / count for each in members]
        return replace(
            members[0],
            hidden=np.concatenate([each.hidden for each in members], axis=1),
            hidden_bias=np.concatenate([each.hidden_bias for each in members]),
            output=np.concatenate(
                [*(each[:-1] for each in outputs), [sum(e[-1] for e in outputs)]]
            ),
        )

    def shifted(self, bias: float) -> Self:
        """The same with so much added to all logits."""
        output = self.output.copy()
        output[-1] += bias
        return replace(self, output=output)

    def _normalised(self, features: Float32Array) -> Values:
        far: Values = (features - self.mean) / self.scale
        return np.clip(far, -_FARTHEST, _FARTHEST)

    @property
    def _weights(self) -> tuple[Values, Values, Values]:
        return self.hidden, self.hidden_bias, self.output

    @staticmethod
    def _logit(x: Values, hidden: Values, bias: Values, output: Values) -> tuple[Values, Values]:
        active = np.tanh(x @ hidden + bias)
        return active @ output[:-1] + output[-1], active

    @classmethod
    def begin(cls, features: Float32Array, n_hidden: int, rng: np.random.Generator) -> Self:
        """A random one, for features such as these (E, F)."""
        x = features.astype(np.float64)
        n_features = x.shape[1]
        return cls(
            x.mean(axis=0), x.std(axis=0) + 1e-6,
            rng.normal(0, 1 / np.sqrt(n_features), (n_features, n_hidden)),
            np.zeros(n_hidden), rng.normal(0, 0.1, n_hidden + 1),
        )  # fmt: skip

    def fit(
        self,
        features: Float32Array,
        together: npt.NDArray[np.bool_],
        weight: Values | None = None,
        *,
        stay: float = 0.0,
        decay: float = 1e-5,
        steps: int = 300,
    ) -> Self:
        """Learn from edges of which it is known whether they belong together.

        Parameters
        ----------
        features : (E, F) float32 array
        together : (E,) bool array
        weight : (E,) float64 array, optional
            What each counts.
        stay : float
            How strongly the weights are held where they are, for few edges; 0 and above.
        decay : float
            How strongly they are held near 0.
        steps : int
            Of L-BFGS, at most.
        """
        x = self._normalised(features)
        y = together.astype(np.float64)
        w = np.ones(y.size) if weight is None else weight
        w = w / w.sum()
        begin = np.concatenate([each.ravel() for each in self._weights])

        def loss(flat: Values) -> tuple[float, Values]:
            parts = self._parts(flat)
            logit, active = self._logit(x, *parts)
            error = w * (expit(logit) - y)
            inner = np.outer(error, parts[2][:-1]) * (1 - active**2)
            slope = np.concatenate(
                [(x.T @ inner).ravel(), inner.sum(axis=0), active.T @ error, [error.sum()]]
            )
            away = flat - begin
            value = np.sum(w * (np.logaddexp(0, logit) - y * logit))
            value += 0.5 * (decay * flat @ flat + stay * away @ away)
            return float(value), slope + decay * flat + stay * away

        found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": steps})
        hidden, bias, output = self._parts(found.x)
        return replace(self, hidden=hidden, hidden_bias=bias, output=output)

    def _parts(self, flat: Values) -> tuple[Values, Values, Values]:
        n_features, n_hidden = self.hidden.shape
        at, end = n_features * n_hidden, (n_features + 1) * n_hidden
        return flat[:at].reshape(n_features, n_hidden), flat[at:end], flat[end:]


@dataclass(frozen=True, eq=False)
class EdgeModel:
    """A perceptron for each kind of edge."""

    of_kind: Mapping[str, Perceptron]

    def probabilities(self, graph: FragmentGraph) -> dict[str, Values]:
        """Of belonging together, (E,) for each kind of edge."""
        return {
            kind: self.of_kind[kind].probability(edges.features)
            for kind, edges in graph.edges.items()
        }

    def shifted(self, bias: float) -> Self:
        """The same with so much added to the logits of all edges."""
        return replace(self, of_kind={k: each.shifted(bias) for k, each in self.of_kind.items()})

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What an ``.npz`` file holds of it; the inverse of `from_arrays`."""
        return {
            f"{kind}_{name}": np.asarray(getattr(each, name), np.float32)
            for kind, each in self.of_kind.items()
            for name in (*_ARRAYS, "unit")
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Check and take what a file holds.

        Raises
        ------
        ModelError
            If arrays are missing, of another shape, or not finite.
        """
        try:
            made = {kind: _perceptron(arrays, kind) for kind in KINDS}
        except (KeyError, ValueError, TypeError) as error:
            raise ModelError(
                f"edges: expected the weights of {', '.join(KINDS)} edges, received "
                f"{type(error).__name__}: {error}"
            ) from error
        return cls(made)


def _perceptron(arrays: Mapping[str, npt.NDArray[Any]], kind: str) -> Perceptron:
    found = {name: np.asarray(arrays[f"{kind}_{name}"], np.float64) for name in _ARRAYS}
    n_features, n_hidden = FEATURES[kind], found["hidden_bias"].size
    expected = {
        "mean": (n_features,), "scale": (n_features,), "hidden": (n_features, n_hidden),
        "hidden_bias": (n_hidden,), "output": (n_hidden + 1,),
    }  # fmt: skip
    for name, shape in expected.items():
        if found[name].shape != shape or not np.isfinite(found[name]).all():
            raise ValueError(f"{kind}_{name} is {found[name].shape}, or not finite")
    unit = float(arrays[f"{kind}_unit"])
    if not unit > 0 or not np.isfinite(unit):
        raise ValueError(f"{kind}_unit is {unit}")
    return Perceptron(**found, unit=unit)
