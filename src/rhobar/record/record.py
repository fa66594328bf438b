"""The record of a run: everything that was seen, and what was not, and why."""

from dataclasses import dataclass, field

from rhobar.record.training import Training

__all__ = ["Failure", "Record", "Unseen"]


@dataclass(frozen=True)
class Failure:
    """The exception that ended the script, if one did."""

    kind: str
    message: str
    during: str = ""


@dataclass(frozen=True)
class Unseen:
    """Something that the watcher could not see, and why."""

    what: str
    reason: str


@dataclass
class Record:
    """What one run of a program showed.

    Attributes:
        name: The script, or the model examined.
        seconds: Wall time that was watched.
        watch_seconds: CPU time that watching itself took.
        exam_seconds: Time that the second look after the run took; not part of `seconds`.
        trainings: One entry for each loss that was driven into a set of parameters.
        forwards: Forward passes of models with parameters, whether trained or not.
        failure: The exception that ended the script.
        unseen: What could not be seen.
        environment: Versions and device, as text.
        budget: The overhead that was allowed, ``None`` for no limit.
    """

    name: str
    seconds: float = 0.0
    watch_seconds: float = 0.0
    exam_seconds: float = 0.0
    trainings: list[Training] = field(default_factory=list)
    forwards: int = 0
    failure: Failure | None = None
    unseen: list[Unseen] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    budget: float | None = 0.02

    @property
    def overhead(self) -> float:
        """Share of the bare run time that watching added: watched / (total − watched)."""
        bare = self.seconds - self.watch_seconds
        return self.watch_seconds / bare if bare > 0 else 0.0
