"""Fully connected networks of two hidden layers, written in three ways."""

from rhobar.faults.architectures.architecture import Architecture

__all__ = ["BATCHNORM", "FUNCTIONAL", "MODULE", "SEQUENTIAL"]

SEQUENTIAL = Architecture(
    "sequential",
    "a small nn.Sequential",
    ("table", "image", "sequence"),
    model="",
    build="""\
model = nn.Sequential(
    <<flat_line>>
    nn.Linear(<<flat_in>>, <<width>>),
    <<norm_line>>
    <<act_line>>
    nn.Linear(<<width>>, <<width>>),
    <<act_line>>
    nn.Linear(<<width>>, <<num_outputs>>),
    <<end_line>>
)""",
    settings={"width": "48"},
)

MODULE = Architecture(
    "module",
    "a perceptron with dropout",
    ("table", "image"),
    model="""\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(<<flat_in>>, <<width>>)
        self.fc2 = nn.Linear(<<width>>, <<width>>)
        self.drop = nn.Dropout(<<dropout>>)
        self.head = nn.Linear(<<width>>, <<num_outputs>>)

    def forward(self, x):
        <<flatten_x>>
        x = <<act>>(self.fc1(x))
        <<after_first>>
        x = self.drop(<<act>>(self.fc2(x)))
        <<before_head>>
        x = self.head(x)
        <<end>>
        return x""",
    build="model = Net()",
    settings={"width": "64", "dropout": "0.1"},
)

BATCHNORM = Architecture(
    "batchnorm",
    "a perceptron with batch normalisation",
    ("table", "image"),
    model="""\
def block(num_in, num_out):
    return nn.Sequential(
        nn.Linear(num_in, num_out),
        nn.BatchNorm1d(num_out<<norm_options>>),
        <<act_line>>
        nn.Dropout(<<dropout>>),
    )


class Classifier(nn.Module):
    def __init__(self, hidden=<<width>>):
        super().__init__()
        self.first = block(<<flat_in>>, hidden)
        self.second = block(hidden, hidden)
        self.out = nn.Linear(hidden, <<num_outputs>>)

    def forward(self, x):
        <<flatten_x>>
        x = self.first(x)
        <<after_first>>
        x = self.second(x)
        <<before_head>>
        x = self.out(x)
        <<end>>
        return x""",
    build="model = Classifier()",
    settings={"width": "48", "dropout": "0.1"},
    norm="batch",
)

FUNCTIONAL = Architecture(
    "functional",
    "a perceptron from bare tensors",
    ("table", "image"),
    model="""\
def init_weights(sizes):
    weights = {}
    for i, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
        weights[f"w{i}"] = <<draw_weight>>
        weights[f"b{i}"] = torch.zeros(b)
    for w in weights.values():
        w.requires_grad_()
    return weights


def forward(weights, x):
    <<flatten_x>>
    x = <<act>>(x @ weights["w0"] + weights["b0"])
    <<after_first>>
    x = <<act>>(x @ weights["w1"] + weights["b1"])
    <<before_head>>
    x = x @ weights["w2"] + weights["b2"]
    <<end>>
    return x""",
    build="model = init_weights([<<flat_in>>, <<width>>, <<width>>, <<num_outputs>>])",
    settings={"width": "48"},
    call="forward(model, {x})",
    parameters="model.values()",
    module=False,
)
