"""Room: the dock *Compare*."""
