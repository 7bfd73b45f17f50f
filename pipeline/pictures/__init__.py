"""Pictures as arrays: decoded, in grey levels, in local contrast, fitted into an image like those of a data set."""

from pipeline.engine.extras import require

require("handwriting", "reader")
