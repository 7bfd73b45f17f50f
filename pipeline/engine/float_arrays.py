"""The type of the arrays with which networks and images are computed: of any shape, float32 or float64."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
