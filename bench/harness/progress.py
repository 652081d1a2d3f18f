"""The live progress bar: rows done, the stage of the current one, elapsed and remaining time."""

import sys


class Progress:
    """A tqdm bar on a terminal; nothing where the output is no terminal or tqdm is missing."""

    def __init__(self, total):
        self._bar = self._make(total)
        self._done = 0
        self._name = ""

    @staticmethod
    def _make(total):
        if not sys.stderr.isatty():
            return None
        try:
            from tqdm import tqdm
        except ImportError:
            return None
        return tqdm(total=total, dynamic_ncols=True, leave=False, smoothing=0,
                    bar_format="{percentage:3.0f}%|{bar:24}| {elapsed}<{remaining}  {desc}")

    def start(self, name):
        """The next row."""
        self._name = name
        self.stage("starting", None)

    def stage(self, stage, share):
        """What happens to the current row, and the share of the measuring that is done."""
        if self._bar is not None:
            self._bar.n = self._done + (share or 0.0) * 0.999
            self._bar.set_description_str(f"{self._done + 1}/{self._bar.total} {self._name}: {stage}")

    def finish(self, line):
        """The current row is done; prints its line above the bar."""
        self._done += 1
        if self._bar is not None:
            self._bar.n = self._done
        self.print(line)

    def print(self, line):
        """Prints above the bar."""
        if self._bar is None:
            print(line, flush=True)
        else:
            self._bar.write(line, file=sys.stdout)

    def close(self):
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.close()
