"""Pictures with several digits."""
