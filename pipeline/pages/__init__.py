"""What people look at: the page to draw on, the report, the model card."""
