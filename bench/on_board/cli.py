"""The command."""

import datetime
import json
import sys

from harness.build import check_compiler
from harness.errors import UserError
from on_board import cases, options as command_line, probe, program, report
from on_board.remote import Remote

FORMAT = "convoy-on-board-1"
INTERRUPTED = 130


def say(what):
    """A sign of life, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


def compile_all(options):
    """The cases, compiled."""
    compiled = []
    chosen = cases.choose(options.cases, options.work)
    for number, (name, file, chain) in enumerate(chosen):
        say(f"{number + 1} of {len(chosen)}: compiling {name}")
        compiled.append(cases.compile_case(name, file, chain, f"case{number}", options))
    return compiled


def parse(output, host):
    """The JSON object that the program printed."""
    start = output.find(f'{{"format": "{FORMAT}"')
    try:
        return json.loads(output[start:])
    except ValueError:
        raise UserError(f"{host}: the program printed no result") from None


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    version = check_compiler(options.convoy)
    remote = Remote(options.ssh, options.host, options.folder, options.runner)
    if options.roofline:
        return probe.run(remote, options)
    compiled = compile_all(options)
    say("linking")
    built = program.link(compiled, options)
    say(f"asking {options.host}")
    remote.check(compiled[0].manifest["libraries"][0]["system"], built.stat().st_size)
    limit = options.timeout or 300 + 5 * options.seconds * len(compiled)
    say(f"measuring on {options.host}")
    pins = [options.cpus] if options.cpus else []
    found = parse(remote.run(built, [options.seconds, options.threads, int(limit) + 1, *pins], limit), options.host)
    say("")
    made = {"format": FORMAT, "date": datetime.date.today().isoformat(), "convoy": f"Convoy {version}",
            "threads": options.threads, "seconds": options.seconds, "runner": options.runner,
            "machine": {key: value for key, value in found.items() if key not in ("format", "cases")},
            "rows": [report.row_of(case, row, options.runner) for case, row in zip(compiled, found["cases"])]}
    print(report.terminal(made))
    print("wrote " + ", ".join(map(str, report.write(made, options.out))))
    return 1 if report.failures(made["rows"]) else 0


def main(arguments=None):
    """Runs the command; its exit code. An error is one line on stderr and exit code 1."""
    try:
        return run(arguments)
    except UserError as error:
        say("")
        print(f"on_board.py: {error}", file=sys.stderr)
    except OSError as error:
        say("")
        print(f"on_board.py: {error.filename}: {error.strerror}, expected a file that can be used", file=sys.stderr)
    except KeyboardInterrupt:
        say("")
        return INTERRUPTED
    return 1
