"""Room: the U-Net and its losses."""
