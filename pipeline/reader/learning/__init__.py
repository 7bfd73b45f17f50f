"""What the two networks of the reader learn from strips, and how the probability of numbers is calibrated."""
