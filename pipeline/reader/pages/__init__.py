"""A page: where digits may be, the lines through them, the strips along these, and what they say, in order."""
