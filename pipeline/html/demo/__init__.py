"""The drawing demo: one HTML file, with the network, that works offline."""
