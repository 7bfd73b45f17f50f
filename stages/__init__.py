"""The commands: paths, options, progress. One module a stage; stages never import each other."""
