"""Embeddings: linear layers whose inputs are one-hot, so that A is diagonal.

    A = diag(share of each token),   G = (1/n) Σ δ δᵀ

Reference: Osawa et al. (2023), ASDL, section 3, on embeddings as linear layers of one-hot inputs.
Textbook: B25
"""

import torch
from torch import Tensor, nn

from rhobar.optim.kfac.block import Block, Factors, Seen

__all__ = ["EmbeddingBlock"]


class EmbeddingBlock(Block):
    """`nn.Embedding`; the padding token counts neither as input nor as gradient."""

    @staticmethod
    def refusal(module: nn.Module) -> str | None:
        """Refuse sparse gradients and renormalised or rescaled rows."""
        for name in ("sparse", "scale_grad_by_freq"):
            if getattr(module, name):
                return f"{name}=True"
        return None if module.max_norm is None else f"max_norm={module.max_norm}"

    def factors(self, calls: list[Seen], num_predictions: int) -> Factors:
        """Count the tokens; average the gradients' outer products."""
        embedding = self.module
        assert isinstance(embedding, nn.Embedding)
        tokens = torch.cat([call.x.reshape(-1) for call in calls])
        delta = torch.cat([call.delta.reshape(-1, embedding.embedding_dim) for call in calls])
        if embedding.padding_idx is not None:
            real = tokens != embedding.padding_idx
            tokens, delta = tokens[real], delta[real]
        counts = torch.bincount(tokens, minlength=embedding.num_embeddings).to(delta.dtype)
        return {"A": counts / max(len(tokens), 1), "G": delta.T @ delta / num_predictions}

    def invert(self, factors: Factors) -> Factors:
        """Diagonalise G; A is diagonal already."""
        g, Q_G = torch.linalg.eigh(factors["G"])
        return {"a": factors["A"].clone(), "g": g.clamp(min=0), "Q_G": Q_G}

    def precondition(self, inverse: Factors, grads: list[Tensor], damping: float) -> list[Tensor]:
        """Divide by the damped eigenvalues in the eigenbasis of G."""
        Q_G = inverse["Q_G"]
        return [(grads[0] @ Q_G / (inverse["a"][:, None] * inverse["g"] + damping)) @ Q_G.T]
