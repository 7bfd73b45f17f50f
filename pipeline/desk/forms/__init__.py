"""Pages of a form: laid on each other, their fields read, their numbers joined to records, and what may be missing."""
