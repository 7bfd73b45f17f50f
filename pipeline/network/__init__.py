"""The network: layers, activations, losses, optimizers, schedules, and one epoch of training.

Everything here is single-threaded NumPy. The batch is the last axis of every array.
"""
