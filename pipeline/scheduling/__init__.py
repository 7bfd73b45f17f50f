"""Run the tasks of a job with Dask, in threads, in processes or on a cluster, with the same results."""

IN_NO_KEY = "the results of a job do not depend on where and how its tasks run"
