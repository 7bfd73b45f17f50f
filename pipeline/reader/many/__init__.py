"""Many pictures: found in folders, read in blocks on a backend, and compared with what a person has checked."""
