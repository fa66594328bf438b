"""Zachary's karate club: 34 members, their friendships, and the two clubs that they split into."""

import torch
from torch.nn import functional as F

from rhobar.train.data.dataset import DataSet, require

__all__ = ["karate"]


def karate(seed: int = 0, *, labels: int = 4) -> DataSet:
    """One graph: features (the identity), adjacency, clubs, and which members' clubs are known.

    Each part holds the same graph with a mask of its own: of each club `labels` members for training, 3 for
    validation, the rest for test, by the seed. Tensors have a first axis of 1, the graph.

    Reference: Zachary (1977), An information flow model for conflict and fission in small groups.

    Example:
        >>> data = karate()
        >>> [int(part[3].sum()) for part in (data.train, data.validation, data.test)]
        [8, 6, 20]
    """
    networkx = require("networkx", "networkx")
    graph = networkx.karate_club_graph()
    adjacency = torch.from_numpy(networkx.to_numpy_array(graph, weight=None)).float()
    clubs = torch.tensor([int(graph.nodes[n]["club"] != "Mr. Hi") for n in graph.nodes])
    generator = torch.Generator().manual_seed(seed)
    parts = torch.full((len(clubs),), 2)
    for club in (0, 1):
        members = (clubs == club).nonzero().squeeze(1)
        members = members[torch.randperm(len(members), generator=generator)]
        parts[members[:labels]], parts[members[labels : labels + 3]] = 0, 1
    features = torch.eye(len(clubs))
    whole = (features[None], adjacency[None], clubs[None])
    train, validation, test = ((*whole, F.one_hot(parts, 3)[None, :, i].bool()) for i in range(3))
    return DataSet("karate", train, validation, test, outputs=2)
