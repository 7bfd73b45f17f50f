"""Data sets: from files of images, pictures or tables to arrays for training."""
