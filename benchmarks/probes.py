"""What probes cost, in units of one gradient of the same model and batch, beside the rivals that are installed.

All contestants run in one process, in turn, round after round; the table shows the median over rounds of
contestant / gradient, both CPU times of the same round.

    python benchmarks/probes.py [--rounds 15] [--models mlp,resnet,transformer] [--what products,norms,spectra,memory]

Rivals: hessian-eigenthings, curvlinops (products, spectra), torch.func's vmap, BackPACK, Opacus (norms). A rival
that is not installed, or refuses the model, is skipped with its reason. The batch norm of M2 is in eval mode.
"""

import argparse
import copy
import ctypes
import gc
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import torch
from models import MODELS, Batch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rhobar.linalg import LinearOperator, eigenpairs, hutchinson_trace, hutchpp_trace, spectral_density, xtrace
from rhobar.probes.curvature import ParameterSpace, fisher, ggn, hessian
from rhobar.probes.noise import gradient_norms

NUM_BATCHES = 8
PER_BATCH = ("per-sample norms", "K-FAC factors")
Run = Callable[[], object]
LOSS = nn.CrossEntropyLoss()


def gradient(model: nn.Module, batch: Batch) -> Run:
    """The unit: forward and backward."""
    params = list(model.parameters())
    return lambda: torch.autograd.grad(LOSS(model(batch[0]), batch[1]), params)


def vector(model: nn.Module) -> Tensor:
    """A fixed random vector of all parameters."""
    return torch.randn(ParameterSpace.of(model).size, generator=torch.Generator().manual_seed(0))


def product(matrix: Callable[..., LinearOperator]) -> Callable[[nn.Module, Batch], Run]:
    """One product in steady state: the graph is made before."""

    def make(model: nn.Module, batch: Batch) -> Run:
        A, v = matrix(model, LOSS, [batch]), vector(model)
        return lambda: A @ v

    return make


def eigenthings(name: str) -> Callable[[nn.Module, Batch], Run]:
    """A product by hessian-eigenthings."""

    def make(model: nn.Module, batch: Batch) -> Run:
        A, v = rival_operator(name, model, batch), vector(model)
        return lambda: A.matvec(v)

    return make


def rival_operator(name: str, model: nn.Module, batch: Batch) -> object:
    """The operator of hessian-eigenthings."""
    from hessian_eigenthings import operators

    def loss(output: Tensor, batch: Batch) -> Tensor:
        return LOSS(output, batch[1])

    if name == "ggn":
        return operators.GGNOperator(model, [batch], lambda model, batch: model(batch[0]), loss)
    return operators.HessianOperator(model, [batch], lambda model, batch: LOSS(model(batch[0]), batch[1]))


def curvlinops(name: str) -> Callable[[nn.Module, Batch], Run]:
    """A product by curvlinops."""

    def make(model: nn.Module, batch: Batch) -> Run:
        import curvlinops as c

        kind = c.HessianLinearOperator if name == "hessian" else c.GGNLinearOperator
        A = kind(model, LOSS, list(model.parameters()), [batch], check_deterministic=False)
        v = vector(model)
        return lambda: A @ v

    return make


PRODUCTS = {
    "Hessian": product(hessian),
    "  hessian-eigenthings": eigenthings("hessian"),
    "  curvlinops": curvlinops("hessian"),
    "Gauss-Newton": product(ggn),
    "  hessian-eigenthings ": eigenthings("ggn"),
    "  curvlinops ": curvlinops("ggn"),
    "true Fisher": product(fisher),
}


def norms(model: nn.Module, batch: Batch) -> Run:
    """Per-sample gradient norms of several batches, as rhobar seeks the layout of samples once; counted per batch."""
    slow = gradient_norms(model, LOSS, [batch]).slow
    if slow:
        print(f"  a backward pass a sample for {slow}")
    return lambda: gradient_norms(model, LOSS, [batch] * NUM_BATCHES)


def vmap_norms(model: nn.Module, batch: Batch) -> Run:
    """The same by torch.func."""
    params = {k: p.detach() for k, p in model.named_parameters()}
    buffers = dict(model.named_buffers())

    def loss(params: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return LOSS(torch.func.functional_call(model, (params, buffers), (x[None],)), y[None])

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    return lambda: sum(g.flatten(1).square().sum(1) for g in each(params, *batch).values())


def backpack_norms(model: nn.Module, batch: Batch) -> Run:
    """The same by BackPACK."""
    from backpack import backpack, extend
    from backpack.extensions import BatchL2Grad

    extended, loss = extend(copy.deepcopy(model), use_converter=True), extend(nn.CrossEntropyLoss())

    def run() -> object:
        with backpack(BatchL2Grad()):
            loss(extended(batch[0]), batch[1]).backward()
        return [p.batch_l2 for p in extended.parameters()]

    return run


def opacus_norms(model: nn.Module, batch: Batch) -> Run:
    """The same by Opacus' ghost clipping."""
    from opacus.grad_sample import GradSampleModuleFastGradientClipping

    ghost = GradSampleModuleFastGradientClipping(copy.deepcopy(model), max_grad_norm=1.0, use_ghost_clipping=True)

    def run() -> object:
        LOSS(ghost(batch[0]), batch[1]).backward()
        return ghost.get_norm_sample()

    return run


NORMS = {"per-sample norms": norms, "  vmap": vmap_norms, "  BackPACK": backpack_norms, "  Opacus": opacus_norms}


def timed(run: Run) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    run()
    return time.process_time() - start


def race(title: str, contestants: dict[str, Callable[[nn.Module, Batch], Run]], models: list[str], rounds: int) -> None:
    """Print contestant / gradient for each model."""
    print(f"\n{title}: over one gradient, median of {rounds} rounds (quartiles)")
    for name in models:
        torch.manual_seed(0)
        model, batches = MODELS[name]()
        model.train(name != "resnet")
        runs: dict[str, Run] = {}
        with sdpa_kernel(SDPBackend.MATH):
            unit = gradient(model, batches[0])
            unit()
            for contestant, make in contestants.items():
                try:
                    runs[contestant] = make(model, batches[0])
                    runs[contestant]()
                except Exception as error:  # a rival that is missing, or refuses
                    runs.pop(contestant, None)
                    print(f"{name:<12} {contestant:<28} refuses: {type(error).__name__}: {str(error)[:80]!r}")
            ratios: dict[str, list[float]] = {contestant: [] for contestant in runs}
            for _ in range(rounds):
                base = (timed(unit) + timed(unit)) / 2
                for contestant, run in runs.items():
                    ratios[contestant].append(timed(run) / base / (NUM_BATCHES if contestant in PER_BATCH else 1))
        for contestant, values in ratios.items():
            low, middle, high = statistics.quantiles(values, n=4)
            print(f"{name:<12} {contestant:<28} {middle:6.2f}  ({low:.2f} to {high:.2f})", flush=True)


def spectra(models: list[str], rounds: int) -> None:
    """Five eigenvalues, a trace and a spectral density: seconds, products, and ratios to the rivals'."""
    for name in models:
        torch.manual_seed(0)
        model, batches = MODELS[name]()
        model.train(name != "resnet")
        for task, runs in SPECTRA.items():
            results: dict[str, list[tuple[float, str]]] = {}
            for _ in range(rounds):
                for contestant, run in runs.items():
                    try:
                        with sdpa_kernel(SDPBackend.MATH):
                            start = time.process_time()
                            said = run(model, batches[0])
                            results.setdefault(contestant, []).append((time.process_time() - start, said))
                    except Exception as error:
                        results[contestant] = [(float("nan"), f"refuses: {type(error).__name__}: {str(error)[:80]!r}")]
            ours = statistics.median(t for t, _ in next(iter(results.values())))
            for contestant, values in results.items():
                seconds = statistics.median(t for t, _ in values)
                print(f"{name:<12} {task:<10} {contestant:<24} {seconds:7.2f} s, ours/this {ours / seconds:5.2f}"
                      f"   {values[-1][1]}", flush=True)  # fmt: skip


def _ours_eigen(model: nn.Module, batch: Batch) -> str:
    found = eigenpairs(hessian(model, LOSS, [batch]), num=5, tol=4e-3)  # errors below 1e-4 on all three models
    values = [round(x, 5) for x in found.values.tolist()]
    return f"{values} residual {found.residuals.max():.1e}, {found.num_matvecs} products"


def _eigenthings_eigen(model: nn.Module, batch: Batch) -> str:
    from hessian_eigenthings.algorithms import lanczos

    found = lanczos(rival_operator("hessian", model, batch), k=5, tol=1e-4, max_iter=100, seed=0)
    return f"{[round(float(x), 5) for x in found.eigenvalues]}"


def _curvlinops_eigen(model: nn.Module, batch: Batch) -> str:
    import curvlinops as c
    from scipy.sparse.linalg import eigsh

    A = c.HessianLinearOperator(model, LOSS, list(model.parameters()), [batch], check_deterministic=False)
    values = eigsh(A.to_scipy(), k=5, which="LM", tol=1e-4, return_eigenvectors=False)
    return f"{[round(float(x), 5) for x in sorted(values, key=abs, reverse=True)]}"


def _ours_trace(estimate: Callable[..., object]) -> Callable[[nn.Module, Batch], str]:
    return lambda model, batch: str(estimate(hessian(model, LOSS, [batch]), num_matvecs=30))


def _eigenthings_trace(model: nn.Module, batch: Batch) -> str:
    from hessian_eigenthings.algorithms import trace

    return str(trace(rival_operator("hessian", model, batch), num_matvecs=30, method="hutchinson", seed=0))[:90]


def _curvlinops_trace(model: nn.Module, batch: Batch) -> str:
    import curvlinops as c

    A = c.HessianLinearOperator(model, LOSS, list(model.parameters()), [batch], check_deterministic=False)
    return str(float(c.hutchinson_trace(A, 30)))


def _ours_density(model: nn.Module, batch: Batch) -> str:
    found = spectral_density(hessian(model, LOSS, [batch]), num_probes=4, num_steps=40)
    return f"{found.num_matvecs} products, max {found.nodes.max():.4f}, tr H²/n = {found.moment(2)[0]:.3e}"


def _eigenthings_density(model: nn.Module, batch: Batch) -> str:
    from hessian_eigenthings.algorithms import spectral_density as density

    found = density(rival_operator("hessian", model, batch), num_runs=4, lanczos_steps=40, seed=0)
    return type(found).__name__


SPECTRA: dict[str, dict[str, Callable[[nn.Module, Batch], str]]] = {
    "top 5": {
        "rhobar": _ours_eigen,
        "hessian-eigenthings": _eigenthings_eigen,
        "curvlinops + eigsh": _curvlinops_eigen,
    },
    "trace": {
        "rhobar": _ours_trace(hutchinson_trace),
        "hessian-eigenthings": _eigenthings_trace,
        "curvlinops": _curvlinops_trace,
        "rhobar, Hutch++": _ours_trace(hutchpp_trace),
        "rhobar, XTrace": _ours_trace(xtrace),
    },
    "density": {"rhobar": _ours_density, "hessian-eigenthings": _eigenthings_density},
}


def memory(models: list[str]) -> None:
    """Peak resident memory above that of the made model, in a process of its own each, over that of a training step."""
    print("\npeak memory over that of one training step (SGD with momentum)")
    for name in models:
        peaks = {}
        for what in ("step", *MEMORY):
            command = [sys.executable, __file__, "--peak", what, "--models", name]
            peaks[what] = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for what in MEMORY:
            print(f"{name:<12} {what:<28} {peaks[what] / peaks['step']:6.2f}   ({peaks[what]:.0f} MiB)", flush=True)


def _step(model: nn.Module, batch: Batch) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    for _ in range(3):
        optimizer.zero_grad()
        LOSS(model(batch[0]), batch[1]).backward()
        optimizer.step()


MEMORY: dict[str, Callable[[nn.Module, Batch], object]] = {
    "Hessian product": lambda model, batch: product(hessian)(model, batch)(),
    "Gauss-Newton product": lambda model, batch: product(ggn)(model, batch)(),
    "top 5": _ours_eigen,
    "trace": _ours_trace(hutchinson_trace),
    "density": _ours_density,
    "per-sample norms": lambda model, batch: gradient_norms(model, LOSS, [batch]),
}


def peak(what: str, name: str) -> None:
    """Print the peak, in a fresh process."""
    torch.manual_seed(0)
    model, batches = MODELS[name]()
    del batches[1:]
    model.train(name != "resnet")
    run = {"step": _step, **MEMORY}[what]
    run(model, (batches[0][0][:3], batches[0][1][:3]))  # loads the code
    print(peak_of(lambda: run(model, batches[0])))


def peak_of(run: Run) -> float:
    """MiB of resident memory that a call takes above what there is, however much there was before (Linux)."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts anew
    before = _resident("VmRSS")
    run()
    return (_resident("VmHWM") - before) / 1024


def _resident(name: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--what", default="products,norms,spectra,memory")
    parser.add_argument("--peak", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    models = options.models.split(",")
    if options.peak:
        return peak(options.peak, models[0])
    wanted = options.what.split(",")
    if "products" in wanted:
        race("matrix-vector products in steady state", PRODUCTS, models, options.rounds)
    if "norms" in wanted:
        race("norms of the gradients of all samples", NORMS, models, options.rounds)
    if "spectra" in wanted:
        spectra(models, max(1, options.rounds // 5))
    if "memory" in wanted:
        memory(models)
    return None


if __name__ == "__main__":
    main()
