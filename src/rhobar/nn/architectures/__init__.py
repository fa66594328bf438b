"""Architectures of the textbook, each with its paper, the equation of its block and its parameter count."""

from rhobar.nn.architectures.alexnet import AlexNet
from rhobar.nn.architectures.architecture import Architecture
from rhobar.nn.architectures.bert import BERT, MaskedLanguageModel
from rhobar.nn.architectures.cifar_resnet import CifarResNet
from rhobar.nn.architectures.densenet import DenseNet, densenet
from rhobar.nn.architectures.efficientnet import EfficientNet, efficientnet
from rhobar.nn.architectures.gan import Discriminator, Generator
from rhobar.nn.architectures.gcn import GCN
from rhobar.nn.architectures.gpt import GPT
from rhobar.nn.architectures.lenet import LeNet5
from rhobar.nn.architectures.mlp import MLP
from rhobar.nn.architectures.recurrent import RecurrentClassifier, RecurrentLanguageModel
from rhobar.nn.architectures.resnet import ResNet, resnet
from rhobar.nn.architectures.seq2seq import Transformer
from rhobar.nn.architectures.simclr import SimCLR
from rhobar.nn.architectures.table import ARCHITECTURES
from rhobar.nn.architectures.transformer import TransformerDecoder, TransformerEncoder
from rhobar.nn.architectures.vae import VAE

__all__ = [
    "ARCHITECTURES",
    "BERT",
    "GCN",
    "GPT",
    "MLP",
    "VAE",
    "AlexNet",
    "Architecture",
    "CifarResNet",
    "DenseNet",
    "Discriminator",
    "EfficientNet",
    "Generator",
    "LeNet5",
    "MaskedLanguageModel",
    "RecurrentClassifier",
    "RecurrentLanguageModel",
    "ResNet",
    "SimCLR",
    "Transformer",
    "TransformerDecoder",
    "TransformerEncoder",
    "densenet",
    "efficientnet",
    "resnet",
]
