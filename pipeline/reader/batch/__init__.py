"""Many pictures: found in folders, read in blocks by a scheduler, and compared with what a person has checked."""
