"""Room: variations of a training patch, image and mask alike."""
