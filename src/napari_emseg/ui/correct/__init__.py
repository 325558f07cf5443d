"""Room: the dock *Correct*."""
