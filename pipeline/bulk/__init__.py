"""Many pictures: find them, read them in blocks on a backend, compare what was read with what a person has checked."""
