"""Pictures as arrays: decoded, in grey levels, in local contrast, fitted into an image like those of a data set."""
