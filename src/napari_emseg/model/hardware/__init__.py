"""Room: devices, their memory, and the Keras backend."""
