"""Training: recipes, multithreaded epochs, ensembles, checkpoints, history, calibration."""
