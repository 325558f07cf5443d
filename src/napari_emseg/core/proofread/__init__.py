"""Room: proofreading the cells of a volume, decision by decision, on their fragments."""
