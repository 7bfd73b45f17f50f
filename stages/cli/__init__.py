"""What the commands share: options, errors, exit statuses, signals, the terminal."""
