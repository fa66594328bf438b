"""Backpropagation made visible: its equations by hand, its graph, its two directions, and what it saves."""

from rhobar.nn.backprop.chain import (
    activation_jacobian,
    chain_product,
    layer_jacobian,
    preactivation_jacobian,
    weight_jacobian,
)
from rhobar.nn.backprop.finite_differences import (
    FiniteDifferences,
    GradientCost,
    finite_differences,
    gradient_cost,
)
from rhobar.nn.backprop.graph import ComputationalGraph, GraphEdge, GraphNode
from rhobar.nn.backprop.local_derivative import LocalDerivative
from rhobar.nn.backprop.mlp import (
    ForwardPass,
    Gradients,
    bias_gradient,
    hidden_delta,
    mlp_backward,
    mlp_forward,
    output_delta,
    softmax_cross_entropy_delta,
    squared_error_gradient,
    weight_gradient,
)
from rhobar.nn.backprop.modes import ModeCosts, jacobian, jacobian_forward, jacobian_reverse, mode_costs
from rhobar.nn.backprop.tracing import computational_graph

__all__ = [
    "ComputationalGraph",
    "FiniteDifferences",
    "ForwardPass",
    "GradientCost",
    "Gradients",
    "GraphEdge",
    "GraphNode",
    "LocalDerivative",
    "ModeCosts",
    "activation_jacobian",
    "bias_gradient",
    "chain_product",
    "computational_graph",
    "finite_differences",
    "gradient_cost",
    "hidden_delta",
    "jacobian",
    "jacobian_forward",
    "jacobian_reverse",
    "layer_jacobian",
    "mlp_backward",
    "mlp_forward",
    "mode_costs",
    "output_delta",
    "preactivation_jacobian",
    "softmax_cross_entropy_delta",
    "squared_error_gradient",
    "weight_gradient",
    "weight_jacobian",
]
