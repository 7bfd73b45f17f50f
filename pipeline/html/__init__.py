"""The pages for users: the lesson, the report, and the model cards."""
