"""The shape of the loss: saddles, equal minima, sharpness and paths between minima."""
