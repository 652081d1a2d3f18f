"""The file that `convoy tune --json` writes, and the curve of the best so far against time."""

import json
import re
from dataclasses import dataclass

from harness.errors import UserError
from harness.stats import geomean

KEYS = {"kernel", "steps", "space", "measurements", "failures", "default_us", "best_us", "template", "parameters",
        "roofline_us", "had_record", "history"}
BAR = 0.85  # of the tuned speed, without tuning
NEAR = 0.95  # of the final speed: when tuning longer gains little


@dataclass
class Kernel:
    """A kernel that was searched and measured."""

    text: str
    uses: int
    space: int
    measurements: int
    failures: int
    default_us: float
    best_us: float
    roofline_us: float
    schedule: str
    history: list  # [seconds since tuning began, best so far in us]

    @property
    def gain(self):
        """How many times faster than the default."""
        return self.default_us / self.best_us

    @property
    def saved_us(self):
        """What its uses take less in all."""
        return self.uses * (self.default_us - self.best_us)

    def best_at(self, seconds):
        """The time of the best that was known then: the default's, until something was measured."""
        known = [best for at, best in self.history if at <= seconds]
        return min([self.default_us, *known])


class Found:
    """A run of the tuner."""

    def __init__(self, data):
        self.board, self.cpu, self.halide = data["board"], data["cpu"], data["halide"]
        self.threads, self.seconds = data["threads"], data["seconds"]
        self.had_record = sum(kernel["had_record"] for kernel in data["kernels"])
        searched = [kernel for kernel in data["kernels"] if not kernel["had_record"]]
        measured = [kernel for kernel in searched if kernel["default_us"] > 0 and kernel["best_us"] > 0]
        self.not_reached = len(searched) - len(measured)
        self.kernels = [_kernel(kernel) for kernel in measured]

    @property
    def default_us(self):
        """All kernels without tuning, as often as they are used."""
        return sum(kernel.uses * kernel.default_us for kernel in self.kernels)

    @property
    def best_us(self):
        """The same, tuned."""
        return sum(kernel.uses * kernel.best_us for kernel in self.kernels)

    def of_tuned_speed(self):
        """Geometric mean of the default's speed over the tuned one's."""
        return geomean(kernel.best_us / kernel.default_us for kernel in self.kernels)

    def curve(self):
        """[(seconds, share of the default's time)] of all kernels together, and at the end what was decided."""
        moments = sorted({0.0, *(at for kernel in self.kernels for at, _ in kernel.history)})
        shares = [(at, sum(kernel.uses * kernel.best_at(at) for kernel in self.kernels) / self.default_us)
                  for at in moments]
        return [*shares, (max(self.seconds, moments[-1]), self.best_us / self.default_us)]

    def seconds_to(self, share):
        """Seconds until all kernels together had this share of the speed that the search came to; None without kernels."""
        if not self.kernels:
            return None
        moments = self.curve()[:-1]
        return next(at for at, time in moments if share * time <= moments[-1][1])


def _kernel(data):
    parameters = " ".join(f"{name}={value}" for name, value in sorted(data["parameters"].items()))
    return Kernel(data["kernel"], len(data["steps"]), data["space"], data["measurements"], data["failures"],
                  data["default_us"], data["best_us"], data["roofline_us"], f"{data['template']} {parameters}".strip(),
                  data["history"])


def load(path):
    """The Found of a file; a UserError where it is something else."""
    try:
        data = json.loads(path.read_text())
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}), expected what `convoy tune --json` writes") from None
    if not isinstance(data, dict) or not {"board", "cpu", "halide", "threads", "seconds", "kernels"} <= set(data):
        raise UserError(f"{path}: no run of the tuner, expected what `convoy tune --json` writes")
    for kernel in data["kernels"]:
        missing = KEYS - set(kernel)
        if missing:
            raise UserError(f"{path}: a kernel without {sorted(missing)}, expected what `convoy tune --json` writes")
    return Found(data)


def short_names(kernels):
    """A name for each: its shape and epilogue, and the layouts too where several have the same."""
    shapes = [re.sub(r"^\S+ (\S+) .*$", r"\1", kernel.text) for kernel in kernels]
    return [shape if shapes.count(shape) == 1 else kernel.text.split(" ", 1)[-1]
            for shape, kernel in zip(shapes, kernels)]
