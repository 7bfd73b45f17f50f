"""The network: layers, backpropagation, losses, optimizers, and a step of training with its threads.

Only `thread_pool` starts threads. Inside the network the batch is the last axis.
"""
