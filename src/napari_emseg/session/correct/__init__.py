"""Room: repairing labels with brush and keys, region after region."""
