"""What kernels, factors and Jacobians cost, in units of one gradient (or of one block's forward pass), beside rivals.

    python benchmarks/kernels.py [--rounds 9] [--models mlp,resnet,transformer] [--what ntk,kfac,jacobian,memory]

ntk: the empirical kernel of 64 samples × 10 outputs (of the transformer, 10 of its outputs on 16 samples), beside the
contraction of explicit Jacobians by torch.func. kfac: the Kronecker factors of linear layers and convolutions, and by
`rhobar.optim.KFAC` those of norms and embeddings (without attention) as well, forward and backward pass included,
beside curvlinops. jacobian: the largest singular value of a block's Jacobian on 8 samples to 1 %, in block forwards,
beside power iteration by jvp and vjp. memory: the NTK's peak above the model's, in MiB.
"""

import argparse
import copy
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial

import torch
from models import MODELS, Batch, Residual
from probes import LOSS, NUM_BATCHES, Run, peak_of, race, timed
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rhobar.linalg import largest_singular_value, largest_singular_value_of_blocks
from rhobar.optim import KFAC
from rhobar.probes.jacobian.operator import jacobian_operator, num_independent
from rhobar.probes.kronecker import kronecker_factors
from rhobar.probes.ntk import empirical_ntk
from rhobar.probes.restoring import restored
from rhobar.probes.second_order import twice_differentiable
from rhobar.probes.tracing import Signal, trace_forward

SAMPLES = 64


def ntk(model: nn.Module, batch: Batch) -> Run:
    """The kernel of 64 samples × 10 outputs."""
    x = batch[0][:SAMPLES]
    with torch.no_grad():
        size = model(x[:1]).numel()
    outputs = None if size == 10 else list(range(0, size, size // 10))[:10]
    return lambda: empirical_ntk(model, [x], outputs=outputs)


def contraction(model: nn.Module, batch: Batch) -> Run:
    """The same from explicit Jacobians."""
    x = batch[0][:SAMPLES]
    params, buffers = {k: p.detach() for k, p in model.named_parameters()}, dict(model.named_buffers())
    if x.is_floating_point() is False:
        raise ValueError("only for 10 outputs")

    def one(params: dict[str, Tensor], x: Tensor) -> Tensor:
        return torch.func.functional_call(model, (params, buffers), (x[None],))[0]

    jacobians = torch.vmap(torch.func.jacrev(one), in_dims=(None, 0))

    def run() -> Tensor:
        J = torch.cat([j.flatten(2) for j in jacobians(params, x).values()], 2).flatten(0, 1)
        return J @ J.T

    return run


def kfac(model: nn.Module, batch: Batch) -> Run:
    """The factors of several batches, one draw of the targets; counted per batch."""
    return lambda: kronecker_factors(model, LOSS, [batch] * NUM_BATCHES)


def optimizer_kfac(model: nn.Module, batch: Batch) -> Run:
    """The same by the optimizer in a training step of its own, with factors of norms and embeddings."""
    model = copy.deepcopy(model)  # its hooks are not to be timed with the gradient
    kinds = (nn.Linear, nn.Conv2d, nn.LayerNorm, nn.Embedding)
    inside = {id(p) for m in model.modules() if isinstance(m, nn.MultiheadAttention) for p in m.parameters()}
    params = [p for m in model.modules() if isinstance(m, kinds) for p in m.parameters(recurse=False)]
    params = [p for p in params if id(p) not in inside]
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    model.train()
    for norm in norms:
        norm.eval()
    optimizer = KFAC(params, model, stats_every=1)

    def run() -> int:
        model(batch[0])
        return len(optimizer.blocks)

    return run


def curvlinops_kfac(model: nn.Module, batch: Batch) -> Run:
    """The factors by curvlinops, for linear layers and convolutions."""
    import curvlinops as c

    params = [p for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d) for p in m.parameters(recurse=False)]

    def run() -> None:
        c.KFACLinearOperator(model, LOSS, params, [batch], check_deterministic=False).compute_kronecker_factors()

    return run


NTK = {"NTK": ntk, "  Jacobian contraction": contraction}
FACTORS = {"K-FAC factors": kfac, "  optimizer": optimizer_kfac, "  curvlinops": curvlinops_kfac}


def blocks() -> dict[str, tuple[nn.Module, Tensor]]:
    """A 256-unit layer, a 4096-dimensional ResNet block, a 2048-dimensional transformer block; 8 samples."""
    layer = nn.TransformerEncoderLayer(128, 4, 512, dropout=0.0, batch_first=True, norm_first=True)
    return {
        "256-unit layer": (nn.Sequential(nn.Linear(256, 256), nn.ReLU()), torch.randn(8, 256)),
        "ResNet block, 4096": (Residual(16, 16, 1).eval(), torch.randn(8, 16, 16, 16)),
        "transformer block, 2048": (layer, torch.randn(8, 16, 128)),
    }


def ours(block: nn.Module, x: Tensor) -> float:
    """σ₁ of a block, its graph made in it."""
    with restored(block), twice_differentiable(block):
        trace = trace_forward(block, x)
        start = Signal((trace.sources[0], 0), x.shape, x.dtype, x.device, 1.0)
        J, generator = jacobian_operator(start, trace.output), torch.Generator().manual_seed(0)
        samples = num_independent(J, start, trace.output, generator)
        return largest_singular_value_of_blocks(J, samples, tol=2e-2, generator=generator).value


def power_iteration(block: nn.Module, x: Tensor, steps: int = 60) -> float:
    """The same by jvp and vjp, until it changes by less than 1e-3."""
    block.requires_grad_(False)
    v = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    value = 0.0
    for _ in range(steps):
        v = v / v.norm()
        _, Jv = torch.func.jvp(block, (x,), (v,))
        _, pull = torch.func.vjp(block, x)
        before, value = value, Jv.norm().item()
        (v,) = pull(Jv)
        if abs(value - before) < 1e-3 * value:
            break
    return value


def _forwards(block: nn.Module, x: Tensor) -> None:
    for _ in range(5):
        block(x)


def jacobian(rounds: int) -> None:
    """Print block forwards and the error against many steps."""
    print("\nlargest singular value of a block's Jacobian on 8 samples: block forwards, error")
    for name, (block, x) in blocks().items():
        with sdpa_kernel(SDPBackend.MATH), torch.no_grad():
            block(x)
        with restored(block), twice_differentiable(block):
            trace = trace_forward(block, x)
            start = Signal((trace.sources[0], 0), x.shape, x.dtype, x.device, 1.0)
            truth = largest_singular_value(jacobian_operator(start, trace.output), max_steps=120, tol=1e-5).value
        for who, run in {"rhobar": ours, "  power iteration": power_iteration}.items():
            ratios = []
            with sdpa_kernel(SDPBackend.MATH):
                for _ in range(rounds):
                    with torch.no_grad():
                        unit = min(timed(partial(_forwards, block, x)) / 5 for _ in range(3))
                    start_time = time.process_time()
                    value = run(block, x)
                    ratios.append((time.process_time() - start_time) / unit)
            error = abs(value / truth - 1)
            print(f"{name:<26} {who:<20} {statistics.median(ratios):7.1f}   {100 * error:.2f} %", flush=True)


def memory(models: list[str]) -> None:
    """Print peaks, in a process of its own each."""
    print("\npeak memory above the model's, MiB (of one training step)")
    for name in models:
        peaks = [
            float(subprocess.run(
                [sys.executable, __file__, "--peak", what, "--models", name], capture_output=True, text=True, check=True
            ).stdout)
            for what in ("ntk", "step")
        ]  # fmt: skip
        print(f"{name:<12} NTK {peaks[0]:7.1f}  ({peaks[1]:.1f})", flush=True)


def peak(what: str, name: str) -> None:
    """Print the peak over a warm start on two samples, which loads the code."""
    torch.manual_seed(0)
    model, batches = MODELS[name]()
    del batches[1:]
    model.train(name != "resnet")
    batch = batches[0]
    small = batch[0][:2], batch[1][:2]
    runs: dict[str, Callable[[Batch], object]] = {"ntk": lambda b: ntk(model, b)(), "step": lambda b: _step(model, b)}
    runs[what](small)
    print(peak_of(lambda: runs[what](batch)))


def _step(model: nn.Module, batch: Batch) -> None:
    LOSS(model(batch[0]), batch[1]).backward()
    torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9).step()


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--what", default="ntk,kfac,jacobian,memory")
    parser.add_argument("--peak", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    models, wanted = options.models.split(","), options.what.split(",")
    if options.peak:
        return peak(options.peak, models[0])
    if "ntk" in wanted:
        race("empirical NTK", NTK, models, options.rounds)
    if "kfac" in wanted:
        race("Kronecker factors", FACTORS, models, options.rounds)
    if "jacobian" in wanted:
        jacobian(options.rounds)
    if "memory" in wanted:
        memory(models)
    return None


if __name__ == "__main__":
    main()
