"""Profile-guided optimisation: the build backend, the training and its results."""
