"""The library: arrays in, arrays out; knows no command line."""

import sys

# Python takes compiled code for up to date if size and second of the source fit. What runs has to be what the
# fingerprint was taken of, so nothing of this project is kept compiled.
sys.dont_write_bytecode = True
