"""Room: the dock *Train*."""
