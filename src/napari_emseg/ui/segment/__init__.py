"""Room: the dock *Segment*."""
