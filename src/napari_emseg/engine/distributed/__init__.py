"""Room: work in blocks, by this process or by many: stages, who does them, how far they are."""
