"""Run the tasks of a job with Dask, in threads, in processes or on a cluster, with the same results."""
