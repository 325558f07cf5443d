"""Room: volumes that many processes write at once, on any file system, and who has done what."""
