"""What stages and commands share: options, what these determine, and the progress of a training."""
