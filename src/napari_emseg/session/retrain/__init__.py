"""Room: retraining on what was corrected, one round after another."""
