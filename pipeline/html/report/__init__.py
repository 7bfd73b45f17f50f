"""The report on a trained model: one HTML file."""
