"""One neuron: what it can learn, and what it cannot."""
