"""What people look at: the page to draw on, the report, the model card."""

import logging
import os

os.environ["MPLBACKEND"] = "agg"  # IPython sets a backend that is not installed everywhere, and none is needed
logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a matplotlibrc does not count, see svg
