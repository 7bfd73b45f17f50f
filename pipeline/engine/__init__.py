"""How a stage runs: its inputs found, its outputs published whole or not at all. Knows nothing of digits."""
