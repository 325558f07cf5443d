"""Room: the stack that is taken of a layer which holds more than one."""
