"""How a stage runs: let be, restored or worked, its result published whole or not at all. Knows nothing of digits."""

import time

# In the folder that a stage fills: what a run that is interrupted can go on from.
CHECKPOINT = "checkpoint"

# A file of code that is younger than this may have been loaded in another state than it is in now.
STARTED = time.time_ns()
