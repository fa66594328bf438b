"""The sizes of the papers, built without memory: their parameters, their work, and what their pages say of them."""

import inspect
import sys
from functools import cache

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rhobar.nn.architectures.architecture import Architecture
from rhobar.nn.architectures.cifar_resnet import CifarResNet
from rhobar.nn.architectures.gpt import GPT
from rhobar.nn.architectures.table import ARCHITECTURES

each = pytest.mark.parametrize("row", ARCHITECTURES.values(), ids=lambda row: row.name)


@cache
def built(name: str) -> nn.Module:
    with torch.device("meta"):
        return ARCHITECTURES[name].make().eval()


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@each
def test_parameters_of_the_paper(row: Architecture) -> None:
    assert count(built(row.name)) == row.num_parameters


def test_other_published_counts() -> None:
    with torch.device("meta"):
        assert count(CifarResNet(20, shortcut="B")) == 272_474
        assert count(GPT(dim=1024, num_layers=24, num_heads=16)) == 354_823_168
        assert count(built("bert-masked-lm").encoder) == 108_891_648
        assert count(built("simclr").encoder) == 23_508_032


# Multiply–adds in 10⁹ at the side of the images, as published by the papers and by torchvision: a stride in the wrong
# place leaves the parameters as they are, not the work.
WORK = {
    "alexnet": (224, 0.714),
    "resnet18": (224, 1.814),
    "resnet34": (224, 3.664),
    "resnet50": (224, 4.089),
    "resnet101": (224, 7.801),
    "resnet152": (224, 11.514),
    "resnet20-cifar": (32, 0.0406),
    "resnet56-cifar": (32, 0.1255),
    "resnet110-cifar": (32, 0.2529),
    "densenet121": (224, 2.834),
    "densenet169": (224, 3.360),
    "densenet201": (224, 4.291),
    "efficientnet-b0": (224, 0.386),
    "efficientnet-b1": (240, 0.687),
    "efficientnet-b2": (288, 1.088),
    "efficientnet-b3": (300, 1.827),
    "efficientnet-b4": (380, 4.394),
    "efficientnet-b5": (456, 10.266),
    "efficientnet-b6": (528, 19.068),
    "efficientnet-b7": (600, 37.746),
}


@pytest.mark.parametrize("name", WORK)
def test_work_of_the_paper(name: str) -> None:
    side, work = WORK[name]
    with torch.device("meta"), FlopCounterMode(display=False) as counter, torch.no_grad():
        built(name)(torch.empty(1, 3, side, side))
    assert counter.get_total_flops() / 2e9 == pytest.approx(work, rel=0.005)


def test_every_published_size_of_images_is_here() -> None:
    """All convolutional rows but LeNet's and two of CIFAR's have their work checked."""
    assert {n for n in ARCHITECTURES if "net" in n} - set(WORK) == {"lenet5", "resnet32-cifar", "resnet44-cifar"}


@each
def test_page_gives_count_and_textbook_ids(row: Architecture) -> None:
    module = sys.modules[type(built(row.name)).__module__]
    assert f"{row.num_parameters:,}" in (inspect.getsource(module))
    page = " ".join(inspect.getsource(module).split())
    for known in row.textbook:
        assert known in page, known


@each
def test_one_line(row: Architecture) -> None:
    assert row.summary and "\n" not in row.summary and not row.summary.endswith(".")
    assert row.paper.split()[-1].isdigit()
