"""The state of one training and its loop: what `fit` runs."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.optim.optimizer import Optimizer

from rhobar.train.averages import Average
from rhobar.train.checkpoint import read_checkpoint, write_checkpoint
from rhobar.train.distribute import distribute
from rhobar.train.evaluate import evaluate
from rhobar.train.fused import fuse
from rhobar.train.gradient import Gradient
from rhobar.train.objective import Objective
from rhobar.train.options import Options
from rhobar.train.penalty import weights
from rhobar.train.progress import Progress
from rhobar.train.randomness import capture, restore, seed_all
from rhobar.train.ranks import this_rank
from rhobar.train.source import Piece, Source
from rhobar.train.step import Evaluation, Step
from rhobar.train.stopping import Watchman
from rhobar.train.updates import update_for

__all__ = ["Training"]


class Training:
    """Everything that changes while a model is trained.

    Args:
        model: The network.
        loss: As for `fit`.
        batches: As for `fit`.
        optimizer: Of the model's parameters.
        options: What `fit` was asked for.
        validation: As for `fit`.
        metrics: As for `fit`.

    Raises:
        TypeError: If model or optimizer is something else.
        ValueError: If options ask for what the data or the model do not allow.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Objective,
        batches: Iterable[Any],
        optimizer: Optimizer,
        options: Options,
        *,
        validation: Iterable[Any] | None = None,
        metrics: Mapping[str, Objective] | None = None,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}.")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be a torch.optim.Optimizer, got {type(optimizer).__name__}.")
        self.model, self.loss, self.optimizer, self.options = model, loss, optimizer, options
        self.validation, self.metrics = validation, metrics
        self.ranks = this_rank()
        self.source = Source(batches, options.accumulate, self.ranks)
        self.number = self.epoch = self.position = 0
        self.stopped = False
        self.total = self._total()
        self._check()
        self.epoch_loss: list[Tensor] = []
        self.device = next((p.device for p in model.parameters()), torch.device("cpu"))
        self.watchman = Watchman(options.stopping) if options.stopping else None
        self.average: Average | None = None
        self.scheduler: LRScheduler | None = None
        self._kept = read_checkpoint(options.checkpoint) if options.checkpoint and options.checkpoint.exists() else None

    def _total(self) -> int | None:
        """Steps of the whole training, if known."""
        whole = self.options.epochs * len(self.source) if self.source.sized else None
        known = [n for n in (whole, self.options.max_steps) if n is not None]
        return min(known) if known else None

    def _check(self) -> None:
        """Refuse what data and options do not allow together.

        Raises:
            ValueError: If a schedule cannot know the length, or there is nothing to judge on.
        """
        if self.source.sized and len(self.source) == 0:
            raise ValueError("batches must hold at least one batch, got none.")
        if self.options.schedule is not None and self.total is None:
            raise ValueError(
                "a schedule must know the length of the training, and this iterable has no len(); give max_steps."
            )
        if self.options.stopping is not None and self.validation is None:
            raise ValueError("stopping judges by the validation data, and there are none; give validation=...")
        if self.metrics and self.validation is None:
            raise ValueError("metrics are taken on the validation data, and there are none; give validation=...")

    def steps(self) -> Iterator[Step]:
        """Run; yield every step."""
        modes = {module: module.training for module in self.model.modules()}
        kernels = [group.get("fused") for group in self.optimizer.param_groups]
        shown = self.options.progress if self.ranks.rank == 0 else False
        with self.ranks.guarded(), Progress(self.total, shown) as bar:
            try:
                self._start()
                while self.epoch < self.options.epochs and not self.stopped:
                    for step in self._one_epoch():
                        bar.see(step)
                        yield step
                self._finish()
            finally:
                for module, mode in modes.items():
                    module.training = mode
                for group, fused in zip(self.optimizer.param_groups, kernels, strict=False):  # the caller may add some
                    if "fused" in group:
                        group["fused"] = fused

    def _start(self) -> None:
        options = self.options
        if options.seed is not None:
            seed_all(options.seed)
        if self.ranks.rank > 0:
            torch.manual_seed(torch.initial_seed() + self.ranks.rank)
        self.average = Average.wanted(self.model, options.ema, options.swa, options.epochs)
        run, sync = distribute(self.model, self.optimizer, self.ranks, options.strategy)
        if options.compile:
            run = torch.compile(run)  # type: ignore[assignment]
        if options.schedule is not None:
            self.scheduler = options.schedule(self.optimizer, self.total or 1, self._steps_an_epoch())
        if self._kept is not None:
            self._load(self._kept)
        if not self._sharded:
            fuse(self.optimizer)
        self.gradient = Gradient(
            run, self.loss, self.optimizer, self.ranks, self.device, weights(self.model), l1=options.l1, l2=options.l2,
            clip_norm=options.clip_norm, clip_value=options.clip_value, mixup=options.mixup, amp=options.amp, sync=sync,
        )  # fmt: skip
        self.update = update_for(self.optimizer)
        self.model.train()

    def _steps_an_epoch(self) -> int:
        return len(self.source) if self.source.sized else self.total or 1

    def _one_epoch(self) -> Iterator[Step]:
        """Run an epoch from where it stands.

        Raises:
            ValueError: If it has no batch.
        """
        if self._kept is not None and self.position:
            self.source.resume(self.epoch, self.position, self._kept["began"], self._now(self._kept))
        else:
            self.source.begin(self.epoch)
        self._kept = None
        pieces = self.source.fetch()
        if pieces is None:
            raise ValueError(
                f"batches gave nothing in epoch {self.epoch + 1}. An iterator can be gone through only once: pass a "
                "list, a DataLoader or Batches, or epochs=1."
            )
        epoch = self.epoch
        while pieces is not None and epoch == self.epoch and not self.stopped:
            rate = float(self.optimizer.param_groups[0]["lr"])
            value = self._step(pieces)
            rows = sum(piece.total for piece in pieces)
            pieces = self.source.fetch()
            judged = self._after(pieces is None)
            norm = self.gradient.norm
            yield Step(
                self.number, epoch + 1, rows, rate, value, norm, pieces is None, judged, self.save
            )  # positional: it is made at every step

    def _step(self, pieces: list[Piece]) -> Tensor:
        value = self.update(self.gradient, pieces)
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.epoch_loss.append(value)
        elif self.scheduler is not None:
            self.scheduler.step()
        if self.average is not None:
            self.average.after_step(self.model)
        self.number += 1
        self.position += 1
        return value

    def _after(self, last: bool) -> Evaluation | None:
        """What follows a step: judgement and files."""
        options, judged = self.options, None
        out_of_steps = self.number == options.max_steps
        if last:
            judged = self._end_epoch()
        due = options.save_every is not None and self.number % options.save_every == 0
        if options.checkpoint and (last or out_of_steps or due):
            self.save(options.checkpoint)
        if out_of_steps:
            self.stopped = True
            judged = judged if last else self._judge()
        return judged

    def _end_epoch(self) -> Evaluation | None:
        self.epoch, self.position = self.epoch + 1, 0
        self.ranks.broadcast_(self.model)
        if self.average is not None:
            self.average.after_epoch(self.model, self.epoch, self.source.batches)
        judged = self._judge()
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step(judged.loss if judged else float(torch.stack(self.epoch_loss).mean()))
            self.epoch_loss.clear()
        if self.watchman is not None and judged is not None and self.watchman.see(judged, self._judged_model()):
            self.stopped = True
        return judged

    def _judged_model(self) -> nn.Module:
        return self.model if self.average is None else self.average.judged(self.model)

    def _judge(self) -> Evaluation | None:
        if self.validation is None:
            return None
        return evaluate(self._judged_model(), self.loss, self.validation, metrics=self.metrics, ranks=self.ranks)

    def _finish(self) -> None:
        if self.watchman is not None:
            self.watchman.give_back(self.model)
        elif self.average is not None:
            self.average.give_to(self.model)

    def save(self, path: Path) -> None:
        """Write the state to a file; with many processes all must call it, and the first one writes."""
        self.ranks.broadcast_(self.model)
        model, optimizer = self._states()
        between_epochs = self.position == 0 or self.source.before_fetch is None
        now = capture(self.source.generators) if between_epochs else self.source.before_fetch
        state = {
            "number": self.number, "epoch": self.epoch, "position": self.position, "stopped": self.stopped,
            "world": self.ranks.world, "model": model, "optimizer": optimizer,
            "schedule": self.scheduler.state_dict() if self.scheduler else None,
            "average": self.average.averaged.state_dict() if self.average else None,
            "stopping": self._best(),
            "epoch_loss": self.epoch_loss, "began": self.ranks.gather(self.source.began), "now": self.ranks.gather(now),
        }  # fmt: skip
        if self.ranks.rank == 0:
            write_checkpoint(path, state)
        self.ranks.gather(None)  # nobody goes on before the file is there

    @property
    def _sharded(self) -> bool:
        return self.ranks.many and self.options.strategy == "fsdp"

    def _states(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The states of model and optimizer, whole."""
        if not self._sharded:
            return self.model.state_dict(), self.optimizer.state_dict()
        from rhobar.train.shard import full_state

        return full_state(self.model, self.optimizer)

    def _load_states(self, model: dict[str, Any], optimizer: dict[str, Any]) -> None:
        if not self._sharded:
            self.model.load_state_dict(model)
            self.optimizer.load_state_dict(optimizer)
            return
        from rhobar.train.shard import load_full_state

        load_full_state(self.model, self.optimizer, model, optimizer)

    def _best(self) -> dict[str, Any] | None:
        """What early stopping has noted, its best weights whole."""
        if self.watchman is None:
            return None
        noted = self.watchman.state()
        if not self._sharded:
            return noted
        from rhobar.train.shard import whole

        return {**noted, "weights": whole(noted["weights"])}

    def _load_best(self, noted: dict[str, Any], watchman: Watchman) -> None:
        if not self._sharded:
            watchman.load(noted)
            return
        from rhobar.train.shard import cut

        watchman.load({**noted, "weights": cut(noted["weights"], self.model)})

    def _load(self, kept: dict[str, Any]) -> None:
        """Take over the state of a checkpoint.

        Raises:
            ValueError: If it belongs to a training of another kind.
        """
        for name, here in (("schedule", self.scheduler), ("average", self.average), ("stopping", self.watchman)):
            if (kept[name] is None) != (here is None):
                has, wants = ("no", "one") if kept[name] is None else ("one", "none")
                raise ValueError(
                    f"{self.options.checkpoint} has {has} {name} and this call asks for {wants}; go on with the same "
                    "options, or name another checkpoint."
                )
        try:
            self._load_states(kept["model"], kept["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(
                f"{self.options.checkpoint} is the checkpoint of another model or optimizer: {error}"
            ) from error
        if self.scheduler is not None:
            self.scheduler.load_state_dict(kept["schedule"])
        if self.average is not None:
            self.average.averaged.load_state_dict(kept["average"])
        if self.watchman is not None:
            self._load_best(kept["stopping"], self.watchman)
        self.number, self.epoch, self.position = kept["number"], kept["epoch"], kept["position"]
        self.stopped, self.epoch_loss = kept["stopped"], list(kept["epoch_loss"])
        kept["began"] = self._of_rank(kept["began"])
        if self.position == 0:
            restore(self._now(kept), self.source.generators)

    def _now(self, kept: dict[str, Any]) -> dict[str, Any]:
        return self._of_rank(kept["now"])

    def _of_rank(self, states: list[dict[str, Any]]) -> dict[str, Any]:
        """This process's random state; one that was not there before takes the first one's, with a seed of its own."""
        if self.ranks.rank < len(states):
            return states[self.ranks.rank]
        generator = torch.Generator()
        generator.set_state(states[0]["torch"])
        seed = int(torch.randint(2**62, (), generator=generator))
        return {**states[0], "torch": torch.Generator().manual_seed(seed + self.ranks.rank).get_state()}
