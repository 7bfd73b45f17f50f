"""From files that somebody published to arrays that a network can learn from."""
