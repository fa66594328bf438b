"""Convolutions over images and over time."""

from rhobar.faults.architectures.architecture import Architecture

__all__ = ["CONV1D", "CONV2D", "CONVNORM"]

CONV2D = Architecture(
    "conv2d",
    "a small convolutional network",
    ("image",),
    model="",
    build="""\
model = nn.Sequential(
    nn.Conv2d(1, <<width>>, 3, padding=1),
    <<norm_line>>
    <<act_line>>
    nn.MaxPool2d(2),
    nn.Conv2d(<<width>>, 2 * <<width>>, 3, padding=1),
    <<act_line>>
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(8 * <<width>>, <<num_outputs>>),
    <<end_line>>
)""",
    settings={"width": "12"},
)

CONVNORM = Architecture(
    "convnorm",
    "convolutions with batch normalisation",
    ("image",),
    model="""\
class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, <<width>>, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(<<width>><<norm_options>>)
        self.conv2 = nn.Conv2d(<<width>>, 2 * <<width>>, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * <<width>><<norm_options>>)
        self.fc = nn.Linear(2 * <<width>> * 4, <<num_outputs>>)

    def forward(self, x):
        x = F.max_pool2d(<<act>>(self.bn1(self.conv1(x))), 2)
        <<after_first>>
        x = F.max_pool2d(<<act>>(self.bn2(self.conv2(x))), 2).flatten(1)
        <<before_head>>
        x = self.fc(x)
        <<end>>
        return x""",
    build="model = ConvNet()",
    settings={"width": "12"},
    norm="batch",
)

CONV1D = Architecture(
    "conv1d",
    "convolutions over time",
    ("sequence",),
    model="""\
class TimeConv(nn.Module):
    def __init__(self, channels=<<width>>):
        super().__init__()
        self.conv1 = nn.Conv1d(<<in_features>>, channels, 5, padding=2)
        self.bn1 = nn.BatchNorm1d(channels<<norm_options>>)
        self.conv2 = nn.Conv1d(channels, channels, 5, stride=2, padding=2)
        self.bn2 = nn.BatchNorm1d(channels<<norm_options>>)
        self.head = nn.Linear(channels * <<positions>> // 2, <<num_outputs>>)

    def forward(self, x):
        x = x.transpose(1, 2)
        x = <<act>>(self.bn1(self.conv1(x)))
        <<after_first>>
        x = <<act>>(self.bn2(self.conv2(x))).flatten(1)
        <<before_head>>
        x = self.head(x)
        <<end>>
        return x""",
    build="model = TimeConv()",
    settings={"width": "16"},
    norm="batch",
)
