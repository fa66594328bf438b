"""Ways to train: order of samples, several tasks, what was learned before, few samples."""
