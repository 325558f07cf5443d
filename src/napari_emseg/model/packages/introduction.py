"""What a model that comes from others says of itself, in words, before it is used."""

from __future__ import annotations

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.networks.foreign import ForeignNetwork, Step
from napari_emseg.core.slices import in_words as slices_in_words
from napari_emseg.core.words import plural
from napari_emseg.model.packages.package import ModelPackage

_LONGEST = 1500


def introduction(package: ModelPackage) -> list[str]:
    """Name, maker, terms, network, scores and sizes of a package as it states them, a line each.

    Returns
    -------
    list of str
        Without characters that a terminal or a window would obey, and not longer than can be read.
    """
    info, network = package.info, package.info.network
    score = info.scores.get("val_v_rand")
    slices = info.training.get("train_slices")
    learned = slices_in_words(slices) if slices else ""
    return [
        f"{label}: {plain(said)}"
        for label, said in (
            ("calls itself", info.name),
            ("made by", info.terms.author or "nobody says who"),
            ("terms of the model", info.terms.license),
            ("terms of its data", info.terms.data_terms or "not stated"),
            ("network", _unet(network) if isinstance(network, NetworkConfig) else _onnx(network)),
            ("learned from", f"{info.training.get('stack', 'nobody says what')} {learned}"),
            ("V_rand", "not stated" if score is None else f"{score:.4f} on {info.measured_on}"),
            ("files", _sizes(package)),
        )
    ]


def _unet(network: NetworkConfig) -> str:
    return (
        f"U-Net that halves {network.depth} times, {network.first_filters} filters at first, sees "
        f"{plural(network.input_slices, 'slice')}, tells apart {', '.join(network.names)}"
    )


def _onnx(network: ForeignNetwork) -> str:
    steps = ", ".join(map(_step, network.before)) or "as they are"
    after = "".join(f", {_step(each)}" for each in network.after)
    tiles = f"tiles of {network.tile_px} px alone" if network.tile_px else "tiles of any size"
    return (
        f"ONNX of others, sees {plural(network.input_slices, 'slice')} (axes {network.axes}, "
        f"{tiles}), grey values: {steps}; channel {network.channel + 1} of its output{after} "
        + ("nobody explains" if network.shows == "unknown" else f"is that of {network.shows}")
    )


def _step(step: Step) -> str:
    values = " ".join(f"{each:g}" for each in step.values)
    return f"{step.name} {values}".rstrip()


def plain(text: str) -> str:
    """Text of a stranger on one line, printable, and cut where it is long."""
    shown = "".join(each if each.isprintable() else " " for each in str(text))
    words = " ".join(shown.split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} ..."


def _sizes(package: ModelPackage) -> str:
    sizes = {file.name: file.stat().st_size for file in package.folder.iterdir() if file.is_file()}
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:3]
    named = ", ".join(f"{name} {sizes[name] / 2**20:.1f} MiB" for name in largest)
    return f"{len(sizes)} of together {sum(sizes.values()) / 2**20:.1f} MiB ({named})"
