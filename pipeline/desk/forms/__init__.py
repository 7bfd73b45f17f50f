"""Pages of a form: laid on each other, their fields read, their numbers joined to lines, and what may be missing."""
