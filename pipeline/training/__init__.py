"""Training: recipes, augmented batches, threads, ensembles, checkpoints, history, calibration."""
