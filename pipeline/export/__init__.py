"""The trained network in formats that other programs read."""
