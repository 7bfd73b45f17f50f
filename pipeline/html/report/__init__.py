"""The report on a trained model: one HTML file."""

import logging
import os

from pipeline.engine.extras import require

require("handwriting", "report")
os.environ["MPLBACKEND"] = "agg"  # IPython sets a backend that may not be installed
logging.getLogger("matplotlib").setLevel(logging.ERROR)  # svg.draw ignores matplotlibrc
