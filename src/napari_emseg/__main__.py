"""``python -m napari_emseg``: the command line."""

from napari_emseg.cli.commands import main

if __name__ == "__main__":
    main()
