"""Data sets: from published files to arrays for training."""
