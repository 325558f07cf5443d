"""Room: from labels to targets, slice splits and batches."""
