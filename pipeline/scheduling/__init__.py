"""Run the tasks of a job in threads, in processes or on a Dask cluster. The backend does not affect the results."""
