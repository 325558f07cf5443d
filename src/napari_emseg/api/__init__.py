"""What scripts and notebooks call: arrays in, arrays out.

Reached as ``import napari_emseg as em``. The command line calls the same functions. They run in the
process and in the thread that calls them, load TensorFlow for training alone, and never the window.
Settings are keyword arguments, called as the command line's options (``tta=True``,
``base_filters=32``).
"""
