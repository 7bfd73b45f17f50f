"""What the two networks of the reader learn from line images, and how the probability of numbers is calibrated."""
