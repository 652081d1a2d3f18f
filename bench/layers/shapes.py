"""Problem descriptors (generators/problem.h), and the files that list them."""

import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError

LETTERS = "mb g ic ih iw oc oh ow kh kw sh sw dh dw ph pw".split()
PART = re.compile(r"([a-z]+)(\d+)")
CHAIN = 8


def extent(i, k, s, d, p):
    """Output extent of a window of `k` taps at stride `s` and dilation `d` over `i` elements between `p` pads."""
    return (i + 2 * p - d * (k - 1) - 1) // s + 1


@dataclass(frozen=True)
class Layer:
    """One convolution in oneDNN's letters; `text` is its descriptor as it was given."""

    text: str
    mb: int
    g: int
    ic: int
    ih: int
    iw: int
    oc: int
    oh: int
    ow: int
    kh: int
    kw: int
    sh: int
    sw: int
    dh: int
    dw: int
    ph: int
    pw: int

    @property
    def channels_per_group(self):
        return self.ic // self.g

    @property
    def macs(self):
        return self.mb * self.oc * self.oh * self.ow * self.channels_per_group * self.kh * self.kw

    @property
    def activation_bytes(self):
        """f32 input and output."""
        return 4 * self.mb * (self.ic * self.ih * self.iw + self.oc * self.oh * self.ow)

    @property
    def weight_bytes(self):
        return 4 * self.oc * self.channels_per_group * self.kh * self.kw

    @property
    def stride_1(self):
        return self.sh == self.sw == 1

    @property
    def chain(self):
        """How many equal layers are measured in a row: 8 where the output has the input's shape and stride 1."""
        same = (self.ic, self.ih, self.iw) == (self.oc, self.oh, self.ow)
        return CHAIN if same and self.stride_1 else 1


def parse(text):
    """The Layer of a descriptor. Widths default to heights, strides and dilations to 1, oh and ow are computed."""
    found = {letters: int(digits) for letters, digits in PART.findall(text)}
    if "".join(f"{letters}{digits}" for letters, digits in PART.findall(text)) != text or set(found) - set(LETTERS):
        raise UserError(f"{text}: no problem descriptor, expected one such as g4ic64ih56oc64kh3ph1")
    for missing in ("ic", "ih", "oc", "kh"):
        if not found.get(missing):
            raise UserError(f"{text}: no {missing}, expected ic, ih, oc and kh at least")
    values = {"mb": 1, "g": 1, "sh": 1, "dh": 1, "ph": 0} | found
    for width in ("iw", "kw", "sw", "dw", "pw"):
        values.setdefault(width, values[width[0] + "h"])
    for axis in "hw":
        i, k, s, d, p = (values[letter + axis] for letter in "iksdp")
        computed = extent(i, k, s, d, p) if s and d else 0
        if values.setdefault("o" + axis, computed) != computed or computed < 1:
            raise UserError(f"{text}: o{axis} {values['o' + axis]}, expected {computed}, at least 1")
    if not values["g"] or values["ic"] % values["g"] or values["oc"] % values["g"]:
        raise UserError(f"{text}: g {values['g']}, expected a divisor of ic {values['ic']} and oc {values['oc']}")
    return Layer(text=text, **values)


def read(path):
    """The layers of a file, one descriptor a line; lines that are empty or start with # are skipped."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}, expected a file of problem descriptors") from None
    return [parse(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
