"""How good a trained network is, computed in parallel."""
