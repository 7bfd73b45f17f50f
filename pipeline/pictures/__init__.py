"""Pictures of one or several digits: reading files, finding the ink, segmentation, prediction."""
