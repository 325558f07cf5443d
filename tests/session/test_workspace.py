from __future__ import annotations

from itertools import count
from types import SimpleNamespace

from napari_emseg.session.workspace import Workspace

_times = count(1)


def _prediction(image, *, done=(0,), shown=True):
    return SimpleNamespace(
        image=image,
        done=set(done),
        is_shown=shown,
        is_open=shown,
        release=lambda: None,
        made=next(_times),
    )


def test_newest_is_the_last_that_holds_slices_and_is_shown():
    space = Workspace()
    a, b = _prediction("a"), _prediction("b")
    empty, gone = _prediction("b", done=()), _prediction("b", shown=False)
    for each in (a, b, empty, gone):
        space.add(each)
    assert space.newest() is b
    assert space.newest("a") is a
    assert space.newest("c") is None
    space.remove(b)
    space.remove(b)
    assert space.newest() is a


def test_workspaces_hear_nothing_of_one_another():
    one, other = Workspace(), Workspace()
    heard = []
    other.segmented.connect(heard.append)
    one.segmented.emit("prediction")
    one.add(_prediction("a"))
    assert not heard
    assert other.newest() is None
