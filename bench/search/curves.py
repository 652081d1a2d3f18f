"""What each way to search had found after so many measurements."""

import math
import random
from statistics import median

TENTH = 0.1
NEAR = 1.05
TITLES = {"model": "the tuner's search, from nothing", "informed": "the same, knowing the other layers",
          "random": "random order"}
RANDOM_SEEDS = 101


def best_so_far(times, order):
    """The least time after each measurement, in the order they are made; infinite before one succeeds."""
    least, curve = math.inf, []
    for index in order:
        if times[index] is not None:
            least = min(least, times[index])
        curve.append(least)
    return curve


def random_orders(count, length):
    """Random orders, the same ones in every run."""
    source = random.Random(1)
    return [source.sample(range(count), length) for _ in range(RANDOM_SEEDS)]


class Kernel:
    """The measured points of a kernel, and the searches on them."""

    def __init__(self, data):
        self.layer, self.text, self.times = data["layer"], data["kernel"], data["times_us"]
        self.stopped = data["stopped"]
        self.count = len(self.times)
        self.best = min(time for time in self.times if time is not None)
        self.default = self.times[data["default"]]
        self.failures = self.times.count(None)
        length = min(len(order) for orders in data["methods"].values() for order in orders)
        orders = {name: [order[:length] for order in each] for name, each in data["methods"].items() if each}
        orders["random"] = random_orders(self.count, length)
        self.length = length
        self.curves = {name: [best_so_far(self.times, order) for order in each] for name, each in orders.items()}

    @property
    def tenth(self):
        """A tenth of the measurements, at least one."""
        return max(1, int(self.count * TENTH))

    def near(self, method, measurements, choose=median):
        """The best time found over the best of all: of the seeds the median, or what `choose` makes of them."""
        return choose(curve[min(measurements, self.length) - 1] for curve in self.curves[method]) / self.best

    def needed(self, method):
        """Measurements after which the median over the seeds is near the best; None where it is not reached."""
        return next((n for n in range(1, self.length + 1) if self.near(method, n) <= NEAR), None)

    def held(self):
        """Whether the search from nothing reaches the bar."""
        return self.near("model", self.tenth) <= NEAR
