"""The command: what it adds to a session, and how one case is measured."""

import functools

from compare_gpu import cases, cuda, device, energy, engines, options as command_line, report as reporting
from compare_gpu.row import FORMAT, GpuRow
from harness import isolate, session
from harness.build import check_compiler, compile_model
from harness.engines import REFERENCE, SUBJECT, Convoy, OnnxRuntime
from harness.errors import UserError
from harness.measure import Job
from layers import shapes


class Comparison(session.Session):
    """Layers and networks on a GPU, for one batch size."""

    row_kind = GpuRow
    format_name = FORMAT
    first_column = "case"
    counted = "cases"

    def columns(self, report):
        return reporting.columns(report.engines)

    def ending(self, report):
        return reporting.ending(report)

    def markdown(self, report, picture):
        return reporting.markdown(report, picture)

    def write_png(self, report, path):
        return reporting.write_png(report, path)


def on_cuda(report):
    """Whether memory and clock are those of a CUDA GPU, rather than the host's."""
    return report.machine["uuid"] is not None


def contenders(library, options, report):
    """{engine: its settings}; the reference runs on the CPU, and so does the caller of a library without CUDA."""
    told = (library.path, library.prefix, report.versions[SUBJECT], f"--board {options.board}")
    mine = [engines.ConvoyOnDevice(*told, graph=graph) for graph in (False, True)] if on_cuda(report) else [Convoy(*told)]
    peers = {name: engines.candidates(name, options.compile_mode) for name in report.engines if name != SUBJECT}
    return {REFERENCE: [OnnxRuntime(binding=True)], SUBJECT: mine, **peers}


def clocks(report, options):
    """What a Job needs to measure on a GPU of CUDA; nothing without one."""
    if not on_cuda(report):
        return {}
    last = functools.partial(energy.measure, uuid=report.machine["uuid"], burst=cuda.burst, seconds=options.energy_seconds)
    return {"burst": cuda.burst, "last": last}


def measure_case(case, options, report, progress):
    """One row: writes, compiles and measures a case; what fails becomes the row's reason."""
    row = GpuRow(case.name, frames=case.frames, is_layer=case.layer is not None)
    directory = options.work / "libraries" / case.name
    with session.failures_into(row, directory, options.keep):
        progress("writing the ONNX file", None)
        file = case.write(options.work)
        row.macs = case.macs(file)
        library = compile_model(options.convoy, file, case.name, options.board, directory, progress)
        row.compile_s, row.library_bytes = library.seconds, library.bytes
        job = Job(str(file), contenders(library, options, report), REFERENCE, options.threads, options.seconds,
                  tolerance=options.tolerance, peer_tolerance=options.tolerance, untimed=(REFERENCE,),
                  **clocks(report, options))
        for key, value in isolate.measure_apart(job, progress).items():
            setattr(row, key, value)
    return row


def find_device(options):
    """What is known of the GPU; completes the board, the engines and their versions of `options`."""
    compiler = check_compiler(options.convoy)
    if not device.is_cuda(options.board):
        if options.engines not in (None, [SUBJECT]):
            raise UserError(f"--engines {','.join(options.engines)}: with --board {options.board}, expected convoy alone")
        options.engines, options.versions = [SUBJECT], {SUBJECT: compiler}
        return device.find_host()
    found = device.find_cuda()
    options.board = options.board or device.best_board(options.convoy, found["compute_capability"])
    options.engines = options.engines or list(engines.ENGINES)
    options.versions = engines.versions(options.engines, compiler)
    return found


def measure_batch(options, chosen, found):
    """Measures the chosen cases of one batch size; the exit code."""
    report = session.new_report(options, None, len(chosen), options.versions, found, tolerance=options.tolerance,
                                energy_seconds=options.energy_seconds)

    def measure_row(name, progress):
        return measure_case(chosen[name], options, report, progress)
    prefix = options.out.with_name(f"{options.out.name}-b{options.batch}")
    return Comparison().measure(report, list(chosen), measure_row, prefix)


def run(arguments):
    """Parses and obeys; the exit code."""
    options = command_line.parse(arguments)
    if options.source:
        return Comparison().render(options.source, options.out)
    known = shapes.read(options.shapes)
    chosen = {batch: cases.choose(options.cases, batch, known) for batch in options.batches}
    if not any(chosen.values()):
        raise UserError(f"--batch {','.join(map(str, options.batches))}: no ONNX file has one of these, expected its first dim")
    if options.list:
        print("\n".join(name for of_batch in chosen.values() for name in of_batch))
        return 0
    found = find_device(options)
    code = 0
    for options.batch in options.batches:
        if chosen[options.batch]:
            code = measure_batch(options, chosen[options.batch], found) or code
        if code == session.INTERRUPTED:
            break
    return code


def main(arguments=None):
    """Runs the command; its exit code."""
    return session.command("compare_gpu.py", run, arguments)
