"""The lesson: a network that reads digits, explained in eight scenes and open to exploring, in one HTML file."""
