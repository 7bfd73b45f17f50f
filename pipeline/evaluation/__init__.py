"""Predictions of a trained model, computed in parallel, and their metrics."""
