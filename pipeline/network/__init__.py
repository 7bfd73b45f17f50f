"""The network and its training, from scratch."""
