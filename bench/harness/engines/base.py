"""The interface the measurement sees of an engine."""

import importlib
import tempfile
from importlib import metadata, util
from pathlib import Path


def is_installed(package):
    """Whether a Python package can be imported; "a.b" needs both."""
    try:
        return util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


class Engine:
    """One inference engine in one setting.

    An instance is cheap and can be sent to another process until `load` is called. What can be
    prepared once belongs into `load` and `bind`, so that `run` is one inference and little else.
    An `optional` setting is left out of a model's candidates where it fails. `packages` are the Python
    packages it needs, the one of its name when there are none.
    """

    name = ""
    setting = ""
    optional = False
    packages = ()

    def missing(self):
        """The first package that it needs and that is not installed, or None."""
        return next((package for package in self.packages or (self.name,) if not is_installed(package)), None)

    def version(self):
        """The version that is installed; by default that of the Python package of the same name."""
        return metadata.version(self.name)

    def prepare(self):
        """Imports what it is made of, so that loading does not."""
        importlib.import_module((self.packages or (self.name,))[0])

    def load(self, model, threads):
        """Makes the ONNX file `model` ready to run on `threads` threads."""
        raise NotImplementedError

    def convert(self, model, folder):
        """What `open` takes, in any process: the ONNX file, or what a converter makes of it in `folder`."""
        return model

    def open(self, product, threads):
        """`load` without the converter."""
        self.load(product, threads)

    def bind(self, inputs):
        """Hands over the input arrays, in the order of the graph; they stay as they are."""
        raise NotImplementedError

    def run(self):
        """One inference on the bound inputs."""
        raise NotImplementedError

    def outputs(self):
        """Copies of the outputs of the latest run, in the order of the graph."""
        raise NotImplementedError


class Converted(Engine):
    """One that loads what its converter wrote: `convert` and `open` are its own."""

    def load(self, model, threads):
        with tempfile.TemporaryDirectory() as folder:
            self.open(self.convert(model, Path(folder)), threads)
