"""Many pictures: find them, read them in blocks on a backend, keep the results of an interrupted run."""
