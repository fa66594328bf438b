"""Building blocks: neurons, activations, losses, initialisers and normalisation, each beside its equation."""
