"""Names of the modules that run the jobs of a stage, on which its result does not depend."""

# For `without` of a stage that starts or shows jobs: the keys of results do not depend on these modules.
JOBS = ("pipeline.scheduling", "stages.shared.options", "stages.shared.job_modules")
