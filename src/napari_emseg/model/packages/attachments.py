"""Files that lie in a package beside what bioimage.io knows, and that its description names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from napari_emseg.io.disk.atomic import write_atomically
from napari_emseg.model.packages.package import RDF, file_entry


def attach(folder: Path, *names: str, **block: Any) -> None:
    """Have the description of a package name files of it, by their hashes as they are now.

    Parameters
    ----------
    folder : Path
        Of the package.
    *names : str
        The files; those that it names besides stay named.
    **block
        What is to stand in ``config: napari_emseg:``.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    rdf = yaml.safe_load((folder / RDF).read_text(encoding="utf-8"))
    others = [each for each in rdf.get("attachments", ()) if each["source"] not in names]
    rdf["attachments"] = [*others, *(file_entry(folder, name) for name in names)]
    rdf["config"]["napari_emseg"] |= block
    text = yaml.safe_dump(rdf, sort_keys=False)
    write_atomically(folder / RDF, lambda path: path.write_text(text, encoding="utf-8"))
