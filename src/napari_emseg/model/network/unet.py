"""The U-Net."""

from __future__ import annotations

import keras
from keras import layers

from napari_emseg.core.config.network import NetworkConfig


def build_unet(config: NetworkConfig) -> keras.Model:
    """A U-Net with a contracting and an expanding path joined by skip connections.

    Parameters
    ----------
    config : NetworkConfig
        Depth, width, and what its blocks are made of.

    Returns
    -------
    keras.Model
        Takes (N, Y, X, C) float32: a normalised slice in the middle of its neighbours, with Y and
        X multiples of ``config.multiple``. Returns (N, Y, X, K) float32, ``config.channels`` of
        them: the slice's probability of cell, or of each of more than two classes.

    References
    ----------
    Ronneberger, Fischer, Brox: U-Net. MICCAI 2015. https://doi.org/10.1007/978-3-319-24574-4_28

    He, Zhang, Ren, Sun: Deep residual learning for image recognition. CVPR 2016.
    https://doi.org/10.1109/CVPR.2016.90
    """
    image = keras.Input((None, None, config.input_slices), name="image")
    x, skips = image, []
    for level in range(config.depth):
        x = _block(x, config.first_filters * 2**level, config, f"down{level}")
        skips.append(x)
        x = layers.MaxPooling2D(name=f"down{level}_pool")(x)
    x = _block(x, config.first_filters * 2**config.depth, config, "bottom")
    if config.dropout:  # where the U-Net paper has it, at the end of the contracting path
        x = layers.SpatialDropout2D(config.dropout, name="bottom_dropout")(x)
    for level in reversed(range(config.depth)):
        x = _up(x, skips[level], config.first_filters * 2**level, f"up{level}")
        x = _block(x, config.first_filters * 2**level, config, f"up{level}")
    return keras.Model(image, _head(x, config), name="unet")


def with_new_head(model: keras.Model, config: NetworkConfig) -> keras.Model:
    """A U-Net with the weights of another, save the last layer, which begins at random.

    Parameters
    ----------
    model : keras.Model
        What it goes on from, as `build_unet` makes it.
    config : NetworkConfig
        With other classes than those of ``model``, and all else alike.

    Returns
    -------
    keras.Model
        Of the same layers as ``model``, but for the last.
    """
    return keras.Model(model.input, _head(model.layers[-1].input, config), name=model.name)


def _head(x: keras.KerasTensor, config: NetworkConfig) -> keras.KerasTensor:
    """Probabilities of the features of each pixel."""
    return layers.Conv2D(
        config.channels,
        1,
        activation="sigmoid" if config.classes == 2 else "softmax",
        name="probability",
    )(x)


def _up(
    x: keras.KerasTensor, skip: keras.KerasTensor, filters: int, name: str
) -> keras.KerasTensor:
    x = layers.Conv2DTranspose(filters, 2, strides=2, name=f"{name}_enlarge")(x)
    return layers.Concatenate(name=f"{name}_join")([skip, x])


def _block(
    x: keras.KerasTensor, filters: int, config: NetworkConfig, name: str
) -> keras.KerasTensor:
    """Two 3 x 3 convolutions; with ``residual`` the block's input is added before the last ReLU."""
    y = _convolution(x, filters, config, f"{name}_a")
    y = layers.ReLU(name=f"{name}_a_relu")(y)
    y = _convolution(y, filters, config, f"{name}_b")
    if config.residual:
        # without a norm of its own: what it is added to has one, and a step takes less time
        short = layers.Conv2D(
            filters, 1, use_bias=False, kernel_initializer="he_normal", name=f"{name}_short"
        )(x)
        y = layers.Add(name=f"{name}_add")([y, short])
    return layers.ReLU(name=f"{name}_b_relu")(y)


def _convolution(
    x: keras.KerasTensor, filters: int, config: NetworkConfig, name: str
) -> keras.KerasTensor:
    """A 3 x 3 convolution and its normalisation.

    Group and instance normalisation are left out on purpose: they average over the whole tile, so
    a pixel's probability would depend on where the tiles are cut.
    """
    x = layers.Conv2D(
        filters,
        3,
        padding="same",
        use_bias=config.normalisation == "none",
        kernel_initializer="he_normal",
        name=name,
    )(x)
    if config.normalisation == "batch":
        # the default momentum of 0.99 needs some 500 steps to follow; a short training has fewer
        return layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    if config.normalisation == "layer":
        return layers.LayerNormalization(name=f"{name}_norm")(x)
    return x
