"""What must hold before a training begins or goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from napari_emseg.core.classes import missing_classes
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.source import Source
from napari_emseg.core.train.targets import Target
from napari_emseg.errors import LabelsError, ModelError, SettingError, ShapeError
from napari_emseg.model.train.history import Row, is_validated
from napari_emseg.model.train.run_folder import RunFolder

_MAY_CHANGE = frozenset(
    {"epochs", "minutes", "patience", "validate_every", "learning_rate", "mixed_precision"}
)
"""Settings that a run which goes on may have otherwise."""

_OF_AN_EPOCH = frozenset(
    {"epoch", "seconds", "learning_rate", "loss", "val_loss", "val_v_rand", "threshold"}
)
"""What is asked of the rows of a history while a run goes on."""

SPLIT_PARTS = ("train_slices", "validation_slices", "first_validation_column")
"""What the config of a run says of the split of a source."""


def require_all_classes(source: Source, names: Sequence[str]) -> None:
    """Check that there is something to learn, and something to judge by.

    V_rand over slices without a cell means nothing, so they cannot choose the best epoch; and a
    network does not find a class that it has never seen.

    Raises
    ------
    LabelsError
        If no cell is painted where the split validates, or not each of the classes so named, and
        none beyond them, where it trains.
    """
    target, split = source.target, source.split
    where = "right part of slice" if split.cut is not None else "validation slices:"
    if not any(each - {0} for each in _painted(target, split.validation, split.validation_columns)):
        raise LabelsError(
            f"{where} {', '.join(map(str, split.validation))}: no cell is painted there to "
            "validate on; paint some, or name other validation slices"
        )
    painted: set[int] = set()
    for each in _painted(target, split.train, split.train_columns):
        painted |= each
        if painted == set(range(len(names))):  # to make the target of a slice takes a while
            break
    if missing := missing_classes(painted, names):
        raise LabelsError(
            f"training slices {', '.join(map(str, split.train))}: no {missing} is painted where "
            f"the network trains; it needs all of {', '.join(names)}"
        )
    if max(painted) >= len(names):
        raise LabelsError(
            f"labels: expected {len(names)} classes as the network has, received {max(painted) + 1}"
        )


def _painted(target: Target, slices: tuple[int, ...], columns: slice) -> Iterator[set[int]]:
    """The classes that are known somewhere in each slice."""
    for taught in (target[z] for z in slices):
        known = taught.known[:, columns]
        yield set(np.unique(taught.classes[:, columns][known]).tolist())


def require_names(sources: Sequence[Source]) -> None:
    """Check that there are sources, and that none has the name of another.

    Raises
    ------
    ShapeError, SettingError
        If not.
    """
    if not sources:
        raise ShapeError("stacks: expected at least one with its labels, received none")
    names = [each.name for each in sources]
    if len(set(names)) < len(names):
        raise SettingError(f"sources: expected a name of its own for each, received {names}")
    if any(not each.weight > 0 for each in sources):
        weights = [each.weight for each in sources]
        raise SettingError(f"weights: expected numbers above 0, received {weights}")


def require_classes(network: NetworkConfig, count: int, source: str) -> None:
    """A network that comes along must have the classes for which the labels were read.

    Raises
    ------
    SettingError
        If the network of ``source`` has not ``count`` classes.
    """
    if network.classes != count:
        raise SettingError(
            f"classes: the {source} has {network.classes}, received {count}; set classes to "
            f"{network.classes}, or begin a new model"
        )


def require_nothing_stays(config: TrainConfig) -> None:
    """Where the last layer begins anew, a mean with the former weights means nothing.

    Raises
    ------
    SettingError
        If part of them is to stay.
    """
    if config.former_share:
        raise SettingError(
            f"former_share: expected 0 where the last layer begins anew, received "
            f"{config.former_share:g}"
        )


def require_same_recipe(folder: RunFolder, now: Recipe) -> None:
    """A run is trained by one recipe from its first epoch to its last.

    How long it goes on, how it is watched, its learning rate and its precision may be changed;
    of the network see `require_classes`.

    Raises
    ------
    SettingError
        If another setting of the recipe ``now`` is not that of the run in ``folder``.
    ModelError
        If the recipe of that run cannot be read.
    """
    before = folder.read_recipe()
    for ours, theirs in ((now.augment, before.augment), (now.train, before.train)):
        given = ours.to_dict()
        for name, value in theirs.to_dict().items():
            if name not in _MAY_CHANGE and given[name] != value:
                raise SettingError(
                    f"{name}: the run in {folder.path} has {value}, received {given[name]}; give "
                    "the same to resume it, or start a new run from its model"
                )


def require_same_split(folder: RunFolder, now: dict[str, Any]) -> None:
    """A pixel that an earlier run trained on must not validate now.

    Raises
    ------
    LabelsError
        If the slices of the config ``now`` are not those of the run in ``folder``.
    """
    # runs of older versions had one source, and no list of them
    before = folder.read_config()
    earlier, later = before.get("sources", [before]), now["sources"]
    if len(earlier) != len(later):
        raise LabelsError(
            f"resume: {folder.path} is trained on {len(earlier)} stacks, received {len(later)}; "
            "name the same ones, or start a new run from its model"
        )
    for ours, theirs in zip(later, earlier, strict=True):
        of = f" of {ours['name']}" if len(later) > 1 else ""
        for part in SPLIT_PARTS:
            if theirs.get(part) != ours[part]:
                raise LabelsError(
                    f"resume: {folder.path} has {part.replace('_', ' ')} {theirs.get(part)}{of}, "
                    f"received {ours[part]}; name the same slices, or start a new run from its "
                    "model"
                )


def require_history(folder: RunFolder, history: Sequence[Row]) -> None:
    """Raise `ModelError` unless a history is that of epochs, one of which was validated."""
    if not history or not all(row.keys() >= _OF_AN_EPOCH for row in history):
        raise ModelError(
            f"resume: the history in {folder.last} is not one of epochs; start a new run in "
            "another folder"
        )
    if not any(map(is_validated, history)):
        raise ModelError(
            f"resume: no epoch in {folder.last} was validated; start a new run in another folder"
        )
