"""Run the tasks of a job by Dask, in threads, in processes or on a cluster, with the same results."""
