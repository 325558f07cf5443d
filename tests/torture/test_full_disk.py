"""A disk that is full, for real: what was there stays whole, the error says so, and it goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QSettings

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.engine.jobs import LabelledFiles, SegmentJob, TrainJob
from napari_emseg.errors import WriteError
from napari_emseg.io.disk.json_file import load_json, write_json
from napari_emseg.io.project.project_file import Project, ProjectLayer, read_project, write_project
from napari_emseg.io.read import read_stack
from napari_emseg.io.recovery import PaintedSlice, Recovery
from napari_emseg.io.scratch import Scratch
from napari_emseg.io.write import write_stack
from napari_emseg.model.packages.library import SHIPPED, find_model, import_package, shipped_folder
from napari_emseg.model.train.run_folder import RunFolder
from napari_emseg.types import EpochDone, Failed, Finished, SliceDone, Stack
from napari_emseg.ui.widgets.remembered_fields import _Store
from torture.worker_under_fire import WorkerUnderFire

PAGE = 4096
SHAPE = (4, 96, 128)
OVERHEAD = 3
"""A level is tried with so much more room than the finished output takes."""


@dataclass
class Disk:
    """A small disk; ``path`` is where it is mounted."""

    path: Path

    def leave(self, n_bytes: int) -> None:
        """Fill all but so many bytes, in whole pages."""
        self.free()
        about = os.statvfs(self.path)
        n_bytes = min(n_bytes, about.f_bavail * about.f_frsize)
        with (self.path / "filler").open("wb") as file:
            os.posix_fallocate(
                file.fileno(), 0, max(PAGE, about.f_bavail * about.f_frsize - n_bytes)
            )

    def free(self) -> None:
        """Have room again."""
        (self.path / "filler").unlink(missing_ok=True)

    @property
    def used(self) -> int:
        about = os.statvfs(self.path)
        return (about.f_blocks - about.f_bavail) * about.f_frsize

    @property
    def names(self) -> set[str]:
        """All files and folders on it, from its root."""
        found = {str(each.relative_to(self.path)) for each in self.path.rglob("*")}
        return found - {"filler"}


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "small", path], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


# -- what is written ---------------------------------------------------------------------------


def pixels(version: int) -> np.ndarray:
    """Noise, which no format makes much smaller."""
    return np.random.default_rng(version).integers(1, 255, SHAPE, np.uint8)


def stack(version: int) -> Stack:
    return Stack(pixels(version), (50.0, 4.0, 4.0), "em")


class Settings:
    name = "settings.json"

    def write(self, path: Path, version: int) -> None:
        write_json(path, {"values": pixels(version)[0].ravel().tolist()})

    def read(self, path: Path) -> Any:
        return load_json(path)


class Autosave:
    name = "recovery"

    def write(self, path: Path, version: int) -> None:
        recovery, touched = Recovery(path), np.zeros(SHAPE[1:], bool)
        touched[version] = True
        slices = enumerate(PaintedSlice(each, touched) for each in pixels(version))
        recovery.write({"name": "em", "shape": SHAPE, "reviewed": [version]}, slices)

    def read(self, path: Path) -> Any:
        recovery = Recovery(path)
        kept = [recovery.read_slice(z) for z in recovery.slices]
        return [recovery.about["reviewed"], *(each.labels.tolist() for each in kept)]


class ProjectFile:
    name = "work.emseg"

    def write(self, path: Path, version: int) -> None:
        about = {"name": "em", "type": "image"}
        write_project(path, Project([ProjectLayer(about, stack(version))], {"version": version}))

    def read(self, path: Path) -> Any:
        project = read_project(path)
        return project.window["version"], np.asarray(project.layers[0].stack.data).tolist()


class Package:
    name = "library"

    def write(self, path: Path, version: int) -> None:
        import_package(shipped_folder(SHIPPED[version]), "mine", overwrite=True, library=path)

    def read(self, path: Path) -> Any:
        found = find_model(str(path / "mine"))
        assert {each.name for each in path.iterdir()} == {"mine"}
        return {each.name: each.read_bytes() for each in found.folder.iterdir()}


class Output:
    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, path: Path, version: int) -> None:
        write_stack(path, stack(version), overwrite=True)

    def read(self, path: Path) -> Any:
        return np.asarray(read_stack(path).data).tolist()


class Checkpoint:
    name = "run"

    def write(self, path: Path, version: int) -> None:
        path.mkdir(exist_ok=True)
        run = RunFolder(path)

        def save(to: Path) -> None:
            import zipfile

            with zipfile.ZipFile(to, "w") as file:
                file.writestr("weights", pixels(version).tobytes())

        rows = [{"epoch": float(k)} for k in range(version + 1)]
        run.keep_last(save, rows)

    def read(self, path: Path) -> Any:
        return RunFolder(path).read_history()


WRITERS = [
    Settings(), Autosave(), ProjectFile(), Package(), Checkpoint(),
    *(Output(name) for name in ("out.tif", "out.npy", "out.h5", "out.zarr", "slices")),
]  # fmt: skip


def refusal_of(writer: Any, place: Path) -> str:
    """What is said where the second version cannot be written; empty where it can."""
    try:
        writer.write(place, 2)
    except WriteError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("levels", [2, pytest.param(24, marks=pytest.mark.torture)])
@pytest.mark.parametrize("writer", WRITERS, ids=lambda each: each.name)
def test_what_was_there_stays_whole(disk, writer, levels):
    place = disk.path / writer.name
    empty = disk.used
    writer.write(place, 1)
    needed, old, names = disk.used - empty, writer.read(place), disk.names
    aside = disk.path.with_name("new") / writer.name
    aside.parent.mkdir()
    writer.write(aside, 2)
    new, failures = writer.read(aside), 0
    for k in range(levels):
        disk.leave(int(needed * OVERHEAD * k / levels))
        refusal = refusal_of(writer, place)
        found = writer.read(place)
        assert disk.names == names
        disk.free()
        if not refusal:
            assert found == new
            writer.write(place, 1)
            continue
        failures += 1
        assert "the disk is full; free some space" in refusal
        assert writer.name.partition(".")[0] in refusal
        assert found == old
    assert failures, "it was never full"
    disk.free()
    writer.write(place, 2)
    assert writer.read(place) == new
    assert disk.names == names


def test_remembered_fields_keep_what_they_had(disk, qapp, caplog):
    path = disk.path / "fields.ini"
    store = _Store(path)
    store.note("segment", "tile_size", 512)
    store.write()
    before = path.read_bytes()
    disk.leave(0)
    store.note("segment", "model", "x" * 20_000)
    store.write()
    assert path.read_bytes() == before
    assert "model is not remembered" in caplog.text
    disk.free()
    store.note("segment", "batch_size", 2)
    store.write()
    assert _Store(path).read("segment")["tile_size"] == 512
    assert _Store(path).read("segment")["batch_size"] == 2
    assert QSettings(str(path), QSettings.Format.IniFormat).status() == QSettings.Status.NoError


def test_temporary_pixels_are_refused_before_the_window_is_killed_over_them(disk):
    with Scratch(disk.path) as scratch:
        kept = scratch.put(pixels(1), "kept")
        disk.leave(10 * PAGE)
        with pytest.raises(WriteError, match=r"needs .* for temporary pixels, has .* free"):
            scratch.allocate("probability", (64, 512, 512), np.float32)
        assert (np.load(kept) == pixels(1)).all()
        assert len(list(scratch.folder.iterdir())) == 1


# -- jobs of the worker ------------------------------------------------------------------------


@pytest.fixture
def fire():
    with WorkerUnderFire(seed=0) as fire:
        yield fire


@pytest.mark.parametrize("name", ["out.zarr", pytest.param("out.tif", marks=pytest.mark.torture)])
@pytest.mark.usefixtures("nothing_left")
def test_a_prediction_goes_on_when_there_is_room(disk, fire, tissue, tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 255, (24, 256, 256), np.uint8)
    np.save(tmp_path / "noise.npy", noise)
    job = SegmentJob(tmp_path / "noise.npy", str(disk.path / name), "probability", resume=True)
    assert isinstance(fire.do(replace(job, out=str(tmp_path / "whole.npy"))), Finished)
    disk.leave(8 * noise[0].size * 4)
    done: list[SliceDone] = []
    event = fire.do(job, done.append)
    assert isinstance(event, Failed)
    assert "the disk is full; free some space" in event.message
    finished = sum(isinstance(each, SliceDone) for each in done)
    assert 0 < finished < len(noise)
    disk.free()
    event = fire.do(job)
    assert isinstance(event, Finished), event
    assert event.result.slices >= len(noise) - finished - 2
    found = np.asarray(read_stack(job.out, raw_values=True).data)
    np.testing.assert_array_equal(found, np.load(tmp_path / "whole.npy"))
    assert len(list(disk.path.iterdir())) == 1


@pytest.mark.torture
@pytest.mark.usefixtures("nothing_left")
def test_a_training_goes_on_when_there_is_room(disk, fire, tissue, tmp_path):
    """The disk fills while it trains; and again while the model is written."""
    recipe = Recipe(
        NetworkConfig(depth=2, base_filters=4),
        train=TrainConfig(epochs=6, patch_size=64, batch_size=1),
    )
    files = LabelledFiles(tissue.image, tissue.labels)
    job = TrainJob((files,), disk.path / "run", "mine", recipe=recipe, library=tmp_path / "lib")

    def fill_up(left: int) -> Callable[[object], None]:
        return lambda event: disk.leave(left) if isinstance(event, EpochDone) else None

    epochs = 0
    for left in (0, 8 * PAGE, 40 * PAGE):
        event = fire.do(replace(job, resume=epochs > 0), fill_up(left))
        assert isinstance(event, Failed), event
        assert not event.crashed
        assert event.details is None, event.details
        assert "the disk is full" in event.message
        history = RunFolder(job.folder).read_history()
        assert [row["epoch"] for row in history] == list(range(1, len(history) + 1))
        assert len(history) >= epochs
        epochs = len(history)
        disk.free()
    assert isinstance(fire.do(replace(job, resume=True)), Finished)
    assert len(RunFolder(job.folder).read_history()) == 6
    assert find_model(str(tmp_path / "lib" / "mine")).info.network == recipe.network
    assert not [each.name for each in job.folder.iterdir() if each.name.startswith(".")]
    shutil.rmtree(job.folder)
