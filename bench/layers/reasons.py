"""Why a layer stays far below the roofline: a file of lines `ISA DESCRIPTOR REASON`, ISA avx512, avx2 or *."""

from pathlib import Path

from harness.errors import UserError

FAR = 0.6
FILE = Path(__file__).resolve().parents[1] / "shapes" / "reasons.txt"


def read(path=FILE):
    """{(isa, descriptor): reason}."""
    found = {}
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split(maxsplit=2)
        if len(words) < 3:
            raise UserError(f"{path}:{number}: {len(words)} words, expected an instruction set, a layer and a reason")
        found[tuple(words[:2])] = words[2]
    return found


def of(row, isa, known):
    """A row's reason: "" where none is needed, None where it is missing."""
    share = row.share()
    if share is None or share >= FAR:
        return ""
    return known.get((isa, row.name), known.get(("*", row.name)))
