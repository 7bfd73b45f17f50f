"""The network: layers, backpropagation, losses, optimizers, and a step of training with its threads.

Read `gradient_descent` first, which begins with the training loop in six lines, then `network` and `layers`.
Only `thread_pool` starts threads. Inside the network the batch is the last axis.
"""
