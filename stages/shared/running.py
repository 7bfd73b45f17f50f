"""How the jobs of a stage run, which does not change its result."""

# For `without` of a stage that starts or shows jobs: the keys of results do not depend on these modules.
JOBS = ("pipeline.scheduling", "stages.shared.options", "stages.shared.running")
