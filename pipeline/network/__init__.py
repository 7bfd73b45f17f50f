"""The network: layers, backpropagation, losses, optimizers, and a step of training with its threads.

Read `network` first (the forward pass and backpropagation), then `layers`, then `gradient_descent`.
Only `thread_pool` starts threads. Inside the network the batch is the last axis.
"""
