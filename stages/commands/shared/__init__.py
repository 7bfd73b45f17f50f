"""What the commands share: how they describe what was read, print it, and publish files."""
