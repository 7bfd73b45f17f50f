"""Own data: folders of pictures and CSV files, converted to the four IDX files of a data set."""
