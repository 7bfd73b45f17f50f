"""Data sets: from files of images to arrays for training."""
