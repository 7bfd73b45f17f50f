"""A page: where digits may be, the lines through them, the line images along these, and what they say, in order."""
