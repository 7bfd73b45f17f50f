"""The commands that are not stages, one module each. They never import each other."""
