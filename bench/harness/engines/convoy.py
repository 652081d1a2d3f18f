"""A library that `convoy compile --shared` wrote, called through its C interface."""

import ctypes
import functools

import numpy as np

from harness.arrays import ALIGNMENT, aligned_empty
from harness.engines.base import Engine
from harness.errors import ModelError

MAX_RANK = 8
Dims = ctypes.c_int64 * MAX_RANK


class Convoy(Engine):
    """`library` is lib/libNAME.so; all its functions start with `prefix` and an underscore."""

    name = "convoy"

    def __init__(self, library, prefix, version="", setting=""):
        self.library = str(library)
        self.prefix = prefix
        self.setting = setting
        self._version = version

    def version(self):
        return self._version

    def prepare(self):
        pass

    def load(self, model, threads):
        self._threads = threads
        try:
            self._handle = ctypes.CDLL(self.library)
            self._arena_bytes = self._function("arena_bytes", ctypes.c_size_t)
            self._error_text = self._function("error_text", ctypes.c_char_p, ctypes.c_int)
            self._run = self._function("run", ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
                                       ctypes.c_void_p, ctypes.c_int)
            self._input_shapes = self._shapes("input")
            self._output_shapes = self._shapes("output")
        except (OSError, AttributeError) as error:
            raise ModelError(f"{self.library}: {error}") from None

    def _function(self, name, result, *arguments):
        function = getattr(self._handle, f"{self.prefix}_{name}")
        function.restype, function.argtypes = result, arguments
        return function

    def _shapes(self, side):
        """The shapes of every input or output, as the library states them."""
        count = self._function(f"{side}_count", ctypes.c_int)()
        describe = self._function(f"{side}_shape", ctypes.c_int, ctypes.c_int, Dims,
                                  ctypes.POINTER(ctypes.c_int))
        shapes = []
        for index in range(count):
            dims, rank = Dims(), ctypes.c_int()
            self._check(describe(index, dims, ctypes.byref(rank)), f"{side}_shape({index})")
            shapes.append(tuple(dims[:rank.value]))
        return shapes

    def _check(self, code, call):
        if code:
            text = self._error_text(code) or b"no text"
            raise ModelError(f"{self.prefix}_{call} returned {code}: {text.decode(errors='replace')}")

    def expect_inputs(self, inputs):
        """An error where the model's inputs have other shapes than the library's."""
        found = [array.shape for array in inputs]
        if self._input_shapes != found:
            raise ModelError(f"{self.library}: inputs {self._input_shapes}, expected {found} as in the model")

    def checked(self, call, name):
        """`call` without arguments that raises an error for the code it returns."""
        def run():
            code = call()
            if code:
                self._check(code, name)
        return run

    def bind(self, inputs):
        self.expect_inputs(inputs)
        self._inputs = inputs
        self._outputs = [aligned_empty(shape) for shape in self._output_shapes]
        for array in self._outputs:
            array.fill(np.nan)
        self._arena = aligned_empty((max(self._arena_bytes(), ALIGNMENT),), np.uint8)
        call = functools.partial(self._run, self._pointers(self._inputs), self._pointers(self._outputs),
                                 ctypes.c_void_p(self._arena.ctypes.data), ctypes.c_int(self._threads))
        self.run = self.checked(call, "run")

    @staticmethod
    def _pointers(arrays):
        """A C array of the arrays' addresses."""
        return (ctypes.c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))

    def outputs(self):
        return [np.array(array) for array in self._outputs]
