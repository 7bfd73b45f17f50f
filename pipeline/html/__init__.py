"""The pages for users: the lesson, the report, the page to review rows, and the model cards."""

import logging
import os

os.environ["MPLBACKEND"] = "agg"  # IPython sets a backend that may not be installed
logging.getLogger("matplotlib").setLevel(logging.ERROR)  # svg.draw ignores matplotlibrc
