"""Networks from their parts: neurons, activations, losses, initialisation, normalisation, layers and architectures."""

__all__: list[str] = []
