"""The library: arrays in, arrays out; knows no command line."""
