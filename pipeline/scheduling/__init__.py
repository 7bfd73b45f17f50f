"""Where work is done: here or on other machines, by one worker or many. It decides nothing of what comes out."""
