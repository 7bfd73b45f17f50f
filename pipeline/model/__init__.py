"""A trained model: its files, its predictions, and the formats that other programs read."""
