"""Where data sets come from: their catalogue, and verified downloads."""
