"""Run the tasks of a job by Dask, in threads, in processes or on a cluster. The backend does not affect the results."""
