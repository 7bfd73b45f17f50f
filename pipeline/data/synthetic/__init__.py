"""Synthetic training images, drawn from strokes: digits in other styles, and negative examples."""
