"""The network: layers, activations, losses, optimizers, schedules, and one epoch of training.

Nothing here starts threads. Inside the network the batch is the last axis.
"""
