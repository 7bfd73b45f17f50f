"""Shared by the commands: options, errors, exit statuses, signals, terminal output."""
