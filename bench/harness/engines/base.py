"""The interface the measurement sees of an engine."""

from importlib import metadata

class Engine:
    """One inference engine in one setting.

    An instance is cheap and can be sent to another process until `load` is called. What can be
    prepared once belongs into `load` and `bind`, so that `run` is one inference and little else.
    An `optional` setting is left out of a model's candidates where it fails.
    """

    name = ""
    setting = ""
    optional = False

    def version(self):
        """The version that is installed; by default that of the Python package of the same name."""
        return metadata.version(self.name)

    def load(self, model, threads):
        """Makes the ONNX file `model` ready to run on `threads` threads."""
        raise NotImplementedError

    def bind(self, inputs):
        """Hands over the input arrays, in the order of the graph; they stay as they are."""
        raise NotImplementedError

    def run(self):
        """One inference on the bound inputs."""
        raise NotImplementedError

    def outputs(self):
        """Copies of the outputs of the latest run, in the order of the graph."""
        raise NotImplementedError
