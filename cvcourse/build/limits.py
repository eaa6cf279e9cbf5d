"""Time limits of the runs, in seconds."""

CELL_SECONDS = {"smoke": 120, "cpu": 300, "gpu": 900}
START_SECONDS = 120  # a loaded machine needs half a minute to start a kernel
