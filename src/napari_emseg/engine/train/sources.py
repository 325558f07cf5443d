"""From labelled stacks to what a training learns from, at the pixels of its network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_emseg.core.classes import MEMBRANE
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.segment.pixel_fit import in_nm
from napari_emseg.core.segment.resampling import AS_IT_IS, Resampling
from napari_emseg.engine.segment.polarity import with_dark_membranes
from napari_emseg.engine.train.labelled_stack import LabelledStack
from napari_emseg.engine.train.tissue import TissueThatCounts
from napari_emseg.errors import EmsegError, LabelsError
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import Event, Log, OnEvent, Stack, VoxelSize

if TYPE_CHECKING:
    from napari_emseg.core.label_reading import LabelReading
    from napari_emseg.core.train.source import Source
    from napari_emseg.core.train.targets import PaintedTarget

_NAMED = 10
"""Slices that a line lists."""


def sources_of(
    stacks: Sequence[LabelledStack],
    recipe: Recipe,
    voxel_size_nm: VoxelSize | None,
    on_event: OnEvent,
) -> list[Source]:
    """What a training learns from, and told in lines what was guessed of each.

    Parameters
    ----------
    stacks : sequence of LabelledStack
        One or more.
    recipe : Recipe
        Classes, border weights and validation fraction.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm of what the network learns on; see `network_voxel_size`.
    on_event : callable
        Receives `Log`; where there are several stacks, each begins with the name of its stack.

    Raises
    ------
    LabelsError, SettingError
        If labels or settings will not do; where there are several, the message names the stack,
        or both where a class is called otherwise.
    """
    if len(stacks) == 1:
        return [source_of(stacks[0], recipe, voxel_size_nm, on_event)]
    named = list(zip(_names(stacks), stacks, strict=True))
    _require_same_classes({name: each.labels.class_names for name, each in named}, recipe.network)
    return [_source_of_several(*each, recipe, voxel_size_nm, on_event) for each in named]


def _source_of_several(
    name: str,
    stack: LabelledStack,
    recipe: Recipe,
    voxel_size_nm: VoxelSize | None,
    on_event: OnEvent,
) -> Source:
    def tell(event: Event) -> None:
        on_event(Log(f"{name}: {event.message}") if isinstance(event, Log) else event)

    try:
        return replace(source_of(stack, recipe, voxel_size_nm, tell), name=name)
    except EmsegError as error:
        raise type(error)(f"{name}: {error}", **error.settings) from error


def _require_same_classes(names_of: Mapping[str, Sequence[str]], network: NetworkConfig) -> None:
    """A number is one class in all labels; of two classes only membrane and cell are told apart.

    Raises
    ------
    LabelsError
        If two stacks call it otherwise, and nobody says what it is called.
    """
    if network.class_names or network.classes == 2:
        return
    called: dict[int, tuple[str, str]] = {}
    for stack, names in names_of.items():
        for number, name in enumerate(names[: network.classes], start=MEMBRANE):
            other, first = called.setdefault(number, (name, stack))
            if name.strip().casefold() != other.strip().casefold():
                raise LabelsError(
                    f"labels: expected one meaning of class {number}, received {other!r} in "
                    f"{first} and {name!r} in {stack}; give each class the same number in all, or "
                    "name the classes (class_names) where these are two words for one"
                )


def _names(stacks: Sequence[LabelledStack]) -> list[str]:
    """What the stacks are called, numbered where two are alike."""
    names = [each.images.name for each in stacks]
    return [
        name if names.count(name) == 1 else f"{name} ({names[: k + 1].count(name)})"
        for k, name in enumerate(names)
    ]


def source_of(
    stack: LabelledStack, recipe: Recipe, voxel_size_nm: VoxelSize | None, on_event: OnEvent
) -> Source:
    """One of `sources_of`."""
    from napari_emseg.core.train.source import Source
    from napari_emseg.core.train.split import split_target

    stack = as_predicted(stack, on_event)
    reading = reading_of(stack, recipe.network.classes, on_event)
    target = target_of(stack, reading, recipe, on_event)
    fraction = recipe.train.val_fraction
    split = split_target(target, fraction=fraction, validation=stack.validation)
    resampling = resampling_of(stack.images, voxel_size_nm, on_event)
    taught = target.at(resampling) if resampling.is_needed else None
    name = stack.images.name
    return Source(stack.images, target, split, resampling, taught, stack.weight, name)


def as_predicted(stack: LabelledStack, on_event: OnEvent) -> LabelledStack:
    """With images as a prediction would see them, and told what was guessed of them."""
    images = stack.images
    for note in dict.fromkeys((*images.notes, *stack.labels.notes)):
        on_event(Log(note))
    wanted = [z for z in stack.slices or () if 0 <= z < len(images)] or range(len(images))
    return replace(stack, images=with_dark_membranes(images, wanted, on_event=on_event))


def reading_of(stack: LabelledStack, classes: int, on_event: OnEvent) -> LabelReading:
    """How labels are read: as they are said to mean, or seem to; told in lines.

    Raises
    ------
    LabelsError
        They are a picture.
    """
    from napari_emseg.core.label_meaning import guess_meaning
    from napari_emseg.core.label_reading import LabelReading

    found = guess_meaning(
        stack.labels.data, classes=classes, told=stack.meaning, images=stack.images.data,
        counts=None if stack.slices is None else set(stack.slices).__contains__,
        names=stack.labels.class_names,
    )  # fmt: skip
    for line in (f"Labels are {found.said}", *found.remarks):
        on_event(Log(line))
    return found.reading or LabelReading(found.meaning)


def target_of(
    stack: LabelledStack, reading: LabelReading, recipe: Recipe, on_event: OnEvent = lambda _: None
) -> PaintedTarget:
    """What labels teach, slice by slice; where they are not reviewed, or no tissue is, nothing."""
    from napari_emseg.core.train.targets import painted_target

    reviewed = stack.reviewed
    painted = None if reviewed is None else lambda z: reviewed.slice(z) != 0
    tissue = TissueThatCounts(stack.images, painted)
    target = painted_target(
        stack.labels.data, reading, recipe.train, slices=stack.slices,
        classes=recipe.network.classes, names=recipe.network.names, reviewed=tissue,
    )  # fmt: skip
    if tissue.with_blank:
        blank = sorted(tissue.with_blank)
        named = ", ".join(map(str, blank[:_NAMED])) + (" ..." if len(blank) > _NAMED else "")
        on_event(Log(f"Labels on blank areas are not learned, in slices {named}."))
    return target


# -- pixels -------------------------------------------------------------------------------------


def network_voxel_size(
    images: Sequence[Stack],
    recipe: Recipe,
    *,
    start_from: ModelPackage | None = None,
    before: RunFolder | None = None,
) -> VoxelSize | None:
    """Edge lengths (Z, Y, X) in nm of what a network learns on; None where nobody knows.

    Parameters
    ----------
    images : sequence of Stack
        What it is trained on.
    recipe : Recipe
        Says the pixel size, or leaves it to the others.
    start_from : ModelPackage, optional
        The model to go on from.
    before : RunFolder, optional
        The run to resume, whose pixel size stays.
    """
    first = next((each.voxel_size_nm for each in images if each.voxel_size_nm is not None), None)
    if before is not None and before.config.exists():
        kept = before.read_config().get("voxel_size_nm", first)
        return None if kept is None else (kept[0], kept[1], kept[2])
    model = None if start_from is None else start_from.info.voxel_size_nm
    thickness = first or model
    if edge := recipe.train.network_pixel_nm:
        return (thickness[0] if thickness else edge, edge, edge)
    if model is not None and thickness is not None:
        return (thickness[0], *model[1:])
    return first


def resampling_of(images: Stack, network: VoxelSize | None, on_event: OnEvent) -> Resampling:
    """From the pixels of a stack to those of the network, told where that is not plain.

    Raises
    ------
    SettingError
        If they differ by more than a factor of 8.
    """
    own = images.voxel_size_nm
    if network is None:
        return AS_IT_IS
    if own is None:
        on_event(Log(f"The pixel size is unknown and taken for the network's {in_nm(network)}."))
        return AS_IT_IS
    resampling = Resampling.between(own, network)
    if resampling.is_needed:
        on_event(
            Log(
                f"Pixels are {in_nm(own)}, the network learns at {in_nm(network)}: slices are "
                f"resampled by {resampling}."
            )
        )
    return resampling
