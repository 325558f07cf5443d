"""Room: the logic of the dock *Correct*."""
