"""Deeper networks: six plain layers, and residual blocks with layer normalisation."""

from rhobar.faults.architectures.architecture import Architecture

__all__ = ["DEEP", "RESIDUAL"]

DEEP = Architecture(
    "deep",
    "six hidden layers",
    ("table", "image"),
    model="""\
class DeepNet(nn.Module):
    def __init__(self, depth=6):
        super().__init__()
        self.layers = <<layer_list>>
        size = <<flat_in>>
        for _ in range(depth):
            self.layers.append(nn.Linear(size, <<width>>))
            size = <<width>>
        self.head = nn.Linear(size, <<num_outputs>>)

    def forward(self, x):
        <<flatten_x>>
        for layer in self.layers:
            x = <<act>>(layer(x))
        <<before_head>>
        x = self.head(x)
        <<end>>
        return x""",
    build="model = DeepNet()",
    init="""\
for layer in model.layers:
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)""",
    settings={"width": "40"},
    depth=6,
    rate=0.4,
)

RESIDUAL = Architecture(
    "residual",
    "residual blocks with layer normalisation",
    ("table", "image"),
    model="""\
class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.up = nn.Linear(dim, 2 * dim)
        self.down = nn.Linear(2 * dim, dim)
        self.dropout = nn.Dropout(<<dropout>>)

    def forward(self, x):
        return x + self.dropout(self.down(<<act>>(self.up(self.norm(x)))))


class ResNet(nn.Module):
    def __init__(self, dim=<<width>>):
        super().__init__()
        self.stem = nn.Linear(<<flat_in>>, dim)
        self.blocks = nn.Sequential(ResidualBlock(dim), ResidualBlock(dim))
        self.head = nn.Linear(dim, <<num_outputs>>)

    def forward(self, x):
        <<flatten_x>>
        x = self.stem(x)
        <<after_first>>
        x = self.blocks(x)
        <<before_head>>
        x = self.head(x)
        <<end>>
        return x""",
    build="model = ResNet()",
    settings={"width": "32", "dropout": "0.1"},
    norm="layer",
    rate=0.7,
)
