"""Where `io.disk.atomic` was before; what imports it from here can import it from there."""

from napari_emseg.io.disk.atomic import as_write_error as as_write_error
from napari_emseg.io.disk.atomic import moving_into as moving_into
from napari_emseg.io.disk.atomic import replacing_file as replacing_file
from napari_emseg.io.disk.atomic import replacing_folder as replacing_folder
