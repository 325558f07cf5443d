"""Room: the dock *Measure*."""
