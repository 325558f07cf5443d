"""Layers whose pixels are followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class LayerObserver:
    """Tells when pixels of layers change, as long as they are watched.

    Parameters
    ----------
    on_pixels : callable
        Called when something was painted or drawn anew; more often than needed.
    on_data : callable
        Called when all pixels, or the place of the layer, were replaced.
    """

    def __init__(self, on_pixels: Callable[[], None], on_data: Callable[[], None]) -> None:
        self._listeners = {
            **dict.fromkeys(("paint", "labels_update", "set_data"), on_pixels),
            **dict.fromkeys(("data", "translate", "scale"), on_data),
        }
        self._connected: list[tuple[Any, Callable[[], None]]] = []

    def watch(self, *layers: Any) -> None:
        """Watch these layers, and no others; None is no layer."""
        for event, listener in self._connected:
            event.disconnect(listener)
        self._connected = [
            (getattr(layer.events, name), listener)
            for layer in layers
            if layer is not None
            for name, listener in self._listeners.items()
            if hasattr(layer.events, name)
        ]
        for event, listener in self._connected:
            event.connect(listener)
