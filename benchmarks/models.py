"""The three models that benchmarks run, with batches: M1 an MLP, M2 a residual network, M3 a transformer."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Batch = tuple[Tensor, Tensor]


class Residual(nn.Module):
    """x ↦ relu(shortcut(x) + bn(conv(relu(bn(conv(x)))))) ."""

    def __init__(self, channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out_channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        same = stride == 1 and channels == out_channels
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels, out_channels, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(self.shortcut(x) + y)


class Transformer(nn.Module):
    """Four pre-norm layers on characters, predicting the next."""

    def __init__(self, vocabulary: int = 64, dim: int = 128, context: int = 64) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, dim), nn.Embedding(context, dim)
        layer = nn.TransformerEncoderLayer(dim, 4, 4 * dim, dropout=0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, vocabulary)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(context))

    def forward(self, x: Tensor) -> Tensor:
        """Logits, vocabulary second."""
        h = self.tokens(x) + self.places.weight[: x.shape[1]]
        return self.head(self.norm(self.layers(h, mask=self.mask, is_causal=True))).transpose(1, 2)


def mlp() -> tuple[nn.Module, list[Batch]]:
    """M1: 784-256-256-10, batch 128."""
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    return model, [(torch.randn(128, 784), torch.randint(10, (128,))) for _ in range(160)]


def resnet() -> tuple[nn.Module, list[Batch]]:
    """M2: residual network with batch norm, 0.3 M parameters, CIFAR's size, batch 64."""
    stem = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    blocks = [Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2), Residual(64, 128, 2)]
    model = nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
    return model, [(torch.randn(64, 3, 32, 32), torch.randint(10, (64,))) for _ in range(32)]


def transformer() -> tuple[nn.Module, list[Batch]]:
    """M3: four layers of width 128, context 64, batch 16."""
    return Transformer(), [(torch.randint(64, (16, 64)), torch.randint(64, (16, 64))) for _ in range(128)]


MODELS = {"mlp": mlp, "resnet": resnet, "transformer": transformer}
