#include "compiler/tune/trials.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <sstream>

#include "compiler/emit/staging.h"
#include "compiler/interrupt.h"
#include "compiler/tune/trial_source.h"
#include "schedules/operands.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;

// Integers whose sums are exact, and no zeros, by which something might be divided.
std::vector<float> integers(int64_t count, int largest, std::mt19937 &random) {
    std::vector<float> values((size_t)count);
    for (float &value : values) {
        const int size = 1 + (int)(random() % largest);
        value = (float)(random() % 2 ? size : -size);
    }
    return values;
}

// How many weights (or scales) and biases (or shifts) a kernel has.
std::pair<int64_t, int64_t> constant_counts(const Kernel &kernel) {
    if (const auto *conv = std::get_if<Conv2dKernel>(&kernel))
        return {conv->problem.weight_count(), conv->problem.oc};
    if (const auto *separable = std::get_if<SeparableConv2dKernel>(&kernel))
        return {separable->depthwise.weight_count() + separable->pointwise().weight_count(),
                separable->depthwise.oc + separable->oc};
    if (const auto *two_level = std::get_if<TwoLevelConv2dKernel>(&kernel))
        return {two_level->weight_count(), two_level->problem.oc};
    return {0, 0};
}

// What rounding may add to an output. Sums of integers are exact, activations nearly so; the
// transforms of Winograd's and Strassen's algorithms err in proportion to the sums, which an
// activation may hide.
struct Tolerance {
    double relative = 1e-5, absolute = 0;

    Tolerance(const Kernel &kernel, const Schedule &schedule, const Board &board) {
        if (template_of(schedule, board).is_exact) return;
        const ConvProblem &p = std::get<Conv2dKernel>(kernel).problem;
        const double products = (double)p.ic_per_group() * p.kh * p.kw;
        const double mean_square = (1 + 4 + 9) / 3.0 * (1 + 4) / 2.0;  // of one product
        constexpr double largest = 4.5;  // of very many sums, in standard deviations
        relative = 0;
        absolute = 1e-4 * largest * std::sqrt(products * mean_square);
    }
};

constexpr double surprising = 0.9;  // of the best time so far
// In a large network, weights come from memory: so many times the largest cache are used in turns.
constexpr int64_t largest_caches = 4;

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + (std::ptrdiff_t)values.size() / 2,
                     values.end());
    return values[values.size() / 2];
}

// Of the turns that both took.
double median_ratio(const std::vector<double> &a, const std::vector<double> &b) {
    std::vector<double> ratios;
    for (size_t i = 0; i < std::min(a.size(), b.size()); i++) ratios.push_back(a[i] / b[i]);
    return median(std::move(ratios));
}

// What a program printed of its candidates.
struct Printed {
    std::set<int> right;
    std::map<int, std::string> wrong;
    std::map<int, std::vector<double>> times;

    explicit Printed(const std::string &output) {
        std::istringstream lines(output);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string word, rest;
            int candidate = 0;
            if (!(words >> word >> candidate)) continue;
            if (word == "right") right.insert(candidate);
            if (word == "wrong") {
                std::getline(words, rest);
                wrong[candidate] = rest.starts_with(": ") ? rest.substr(2) : rest;
            }
            for (double us; word == "time" && words >> us;) times[candidate].push_back(us);
        }
    }
};

std::string ending_of(const ProgramRun &run) {
    return run.signal ? "signal " + std::to_string(run.signal)
                      : "exit code " + std::to_string(run.exit_code);
}

// Places of compilers that run now, of those that all trials share.
class SlotsTaken {
public:
    explicit SlotsTaken(std::counting_semaphore<> *shared) : shared_(shared) {}
    ~SlotsTaken() {
        if (shared_) shared_->release(taken_);
    }
    SlotsTaken(const SlotsTaken &) = delete;
    SlotsTaken &operator=(const SlotsTaken &) = delete;

    bool take() {
        if (shared_ && !shared_->try_acquire()) return false;
        taken_++;
        return true;
    }
    void give() {
        if (shared_) shared_->release();
        taken_--;
    }

private:
    std::counting_semaphore<> *shared_;
    int taken_ = 0;
};

}  // namespace

// A linked program, which is on the machine for as long, and what its candidates are.
struct Trials::Program {
    Machine &machine;
    fs::path file, operands;
    std::map<std::string, int> index = {};   // by the schedule's text
    std::unique_lock<std::mutex> turn = {};  // on the machine, from when the program is there

    ~Program() { machine.remove({file.filename(), operands.filename()}); }
};

Trials::Trials(Kernel kernel, const Board &board, Machine &machine, const Toolchain &tools,
               fs::path folder, TrialOptions options)
    : kernel_(std::move(kernel)),
      board_(board),
      machine_(machine),
      tools_(tools),
      folder_(std::move(folder)),
      options_(std::move(options)) {
    fs::create_directories(folder_);
    std::mt19937 random(1);
    operands_ = integers(input_view(kernel_).floats(), 3, random);
    if (const View *second = second_input(kernel_)) {
        const std::vector<float> addend = integers(second->floats(), 9, random);
        operands_.insert(operands_.end(), addend.begin(), addend.end());
    }
    const auto [weights, biases] = constant_counts(kernel_);
    weights_ = integers(weights, 2, random);
    bias_ = integers(biases, 8, random);
}

Trials::~Trials() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    machine_.remove({machine_file("expected")});
}

// Machines keep the files of all kernels in one folder.
std::string Trials::machine_file(const char *what) const {
    return folder_.filename().string() + "_" + what;
}

Schedule Trials::reference() const {
    const Template &reference = *templates_for(board_).back();
    if (!reference.accepts(kernel_, board_))
        throw std::runtime_error("no reference schedule accepts " + to_string(kernel_));
    return reference.candidates(kernel_, board_, Span::usual).front();
}

void Trials::check_reference() const {
    if (const auto failed = failures_.find(to_string(reference())); failed != failures_.end())
        throw std::runtime_error("the reference schedule of " + to_string(kernel_) +
                                 " does not compile: " + failed->second.detail);
}

bool Trials::has_failed(const Schedule &schedule) const {
    return failures_.contains(to_string(schedule));
}

void Trials::compile(const std::vector<Schedule> &schedules) {
    SlotsTaken slots(options_.job_slots);  // are given back when the processes have ended
    CompileProcesses processes(board_, folder_, options_.compile, options_.compile_function);
    std::vector<CompileJob> jobs;
    for (const Schedule &schedule : schedules) {
        if (compiled_.contains(to_string(schedule))) continue;
        const std::string symbol = "trial_" + std::to_string(compiled_.size());
        const fs::path object = folder_ / (symbol + ".o");
        compiled_[to_string(schedule)] = {object, 0};
        jobs.push_back({kernel_, schedule, symbol, object});
    }
    size_t next = 0;
    while (next < jobs.size() || processes.running() > 0) {
        throw_if_interrupted();
        while (next < jobs.size() && processes.running() < options_.jobs && slots.take()) {
            processes.start((int)next, jobs[next]);
            next++;
        }
        const auto ended = processes.finished();
        if (!ended) continue;
        slots.give();
        const auto &[id, answer] = *ended;
        const std::string text = to_string(jobs[id].schedule);
        compiled_[text].scratch_bytes = answer.scratch_bytes;
        if (answer.outcome == CompileAnswer::Outcome::compiled) continue;
        const bool is_late = answer.outcome == CompileAnswer::Outcome::too_long;
        failures_[text] = {is_late ? Outcome::compile_timeout : Outcome::not_compiled,
                           answer.message};
    }
}

// The kernels' side of a program: the library's own loops over threads and scratch memory, and a
// table of the candidates.
std::unique_ptr<Trials::Program> Trials::link(const std::vector<Schedule> &schedules) {
    std::unique_ptr<Program> made(new Program{machine_, folder_ / machine_file("program"),
                                              folder_ / machine_file("operands")});
    Program &program = *made;
    std::vector<float> data = operands_;
    std::map<std::vector<float>, int64_t> constants;  // where each lies
    std::ostringstream source, calls, table;
    int64_t scratch_bytes = 0;
    for (const Schedule &schedule : schedules)
        scratch_bytes = std::max(scratch_bytes, compiled_.at(to_string(schedule)).scratch_bytes);
    source << trial_glue(board_, scratch_bytes, schedules.size());

    std::vector<fs::path> objects;
    for (const Schedule &schedule : schedules) {
        const int at = (int)program.index.size();
        program.index[to_string(schedule)] = at;
        objects.push_back(compiled_.at(to_string(schedule)).object);
        const std::string symbol = objects.back().stem().string();

        std::ostringstream rows;
        int count = 0;
        const auto row = [&](int64_t floats, int64_t pointer, int64_t where, bool is_constant) {
            rows << "{" << floats << ", " << pointer << ", " << where << ", " << is_constant
                 << "}, ";
            count++;
        };
        const View &input = input_view(kernel_), &output = output_view(kernel_);
        row(input.floats(), input_offset(kernel_), 0, false);
        for (std::vector<float> &constant : pack_constants(kernel_, schedule, weights_, bias_)) {
            const auto [known, is_new] = constants.try_emplace(constant, (int64_t)data.size());
            if (is_new) data.insert(data.end(), constant.begin(), constant.end());
            row((int64_t)constant.size(), 0, known->second, true);
        }
        if (const View *second = second_input(kernel_))
            row(second->floats(), addend_offset(kernel_), input.floats(), false);
        row(output.floats(), output_offset(kernel_), -1, false);

        source << "static const struct trial_operand operands_" << at << "[] = {" << rows.str()
               << "};\nextern int " << symbol << "(struct context *";
        calls << "    case " << at << ": return " << symbol << "(&context";
        for (int i = 0; i < count; i++) {
            source << ", struct buffer *";
            calls << ", b + " << i;
        }
        source << ");\n";
        calls << ");\n";
        const Tolerance tolerance(kernel_, schedule, board_);
        table << "    {operands_" << at << ", " << count << ", " << tolerance.relative << ", "
              << tolerance.absolute << "},\n";
    }
    source << "const struct trial_candidate trial_candidates[] = {\n"
           << table.str() << "};\nconst int trial_candidate_count = " << schedules.size()
           << ";\nconst unsigned long trial_scratch_bytes = SCRATCH_BYTES;\n"
           << "const double trial_copied_bytes = " << largest_caches * board_.l3_bytes << ".0;\n"
           << "int trial_call(int candidate, void *const *operands, int threads, void *scratch) {\n"
           << "    struct buffer b[TRIAL_MOST_OPERANDS] = {{0}};\n"
           << "    struct context context = {threads, scratch, 0};\n"
           << "    for (int i = 0; i < TRIAL_MOST_OPERANDS; i++) b[i]."
           << (board_.gpu ? "device = (uint64)" : "host = ") << "operands[i];\n"
           << "    switch (candidate) {\n"
           << calls.str() << "    }\n    return -1;\n}\n";

    write_file(program.operands,
               std::string_view(reinterpret_cast<const char *>(data.data()), 4 * data.size()));
    const fs::path table_file = folder_ / "table";
    write_file(table_file.string() + ".c", source.str());
    tools_.compile(board_, table_file.string() + ".c", table_file.string() + ".o");
    objects.push_back(table_file.string() + ".o");
    for (const fs::path &object : trial_objects(board_, tools_, folder_)) objects.push_back(object);
    // A static program cannot load a GPU's driver.
    tools_.link_program(board_, objects, program.file, !machine_.is_here() && !board_.gpu);
    return made;
}

// Those whose objects do not link become failures.
std::unique_ptr<Trials::Program> Trials::link_usable(const std::vector<Schedule> &schedules) {
    try {
        return link(schedules);
    } catch (const ToolError &) {
        if (schedules.size() == 1) throw;
    }
    std::vector<Schedule> usable;
    for (const Schedule &schedule : schedules) {
        try {
            link({schedule});
            usable.push_back(schedule);
        } catch (const ToolError &) {
            failures_[to_string(schedule)] = {Outcome::not_compiled, "its object does not link"};
        }
    }
    return link(usable);
}

// A GPU's driver compiles each kernel once more, with the first call.
double Trials::limit_seconds() const {
    return options_.limit_seconds + (board_.gpu ? options_.driver_seconds : 0);
}

ProgramRun Trials::run(const Program &program, const std::vector<Schedule> &schedules,
                       double seconds) {
    const int limit = (int)std::ceil(limit_seconds() + 2 * seconds);
    std::vector<std::string> arguments = {
        program.operands.filename(),      machine_file("expected"), "time",
        std::to_string(options_.threads), std::to_string(limit),    std::to_string(seconds)};
    for (const Schedule &schedule : schedules)
        arguments.push_back(std::to_string(program.index.at(to_string(schedule))));
    return machine_.run(program.file.filename(), arguments, limit + 2);
}

void Trials::expect(const Program &program) {
    if (is_expected_) return;
    const double limit = 10 * limit_seconds();  // it is slow
    const ProgramRun run =
        machine_.run(program.file.filename(),
                     {program.operands.filename(), machine_file("expected"), "expect",
                      std::to_string(options_.threads), std::to_string((int)limit),
                      std::to_string(program.index.at(to_string(reference())))},
                     limit + 2);
    if (!run.succeeded())
        throw std::runtime_error("the reference schedule of " + to_string(kernel_) +
                                 " does not run on " + machine_.name() + ": " +
                                 (run.is_overdue       ? "it takes too long"
                                  : run.output.empty() ? ending_of(run)
                                                       : run.output));
    is_expected_ = true;
}

// Those that can be run, with the reference schedule where its output is not there yet.
std::vector<Schedule> Trials::compile_batch(std::vector<Schedule> schedules) {
    const Schedule plain = reference();
    if (!is_expected_ && std::find(schedules.begin(), schedules.end(), plain) == schedules.end())
        schedules.push_back(plain);
    compile(schedules);
    check_reference();
    std::erase_if(schedules, [&](const Schedule &schedule) { return has_failed(schedule); });
    return schedules;
}

std::unique_ptr<Trials::Program> Trials::prepare(const std::vector<Schedule> &compiled) {
    std::unique_ptr<Program> program = link_usable(compiled);
    program->turn = machine_.take_turn();
    machine_.receive({program->file, program->operands});
    fs::remove(program->file);
    fs::remove(program->operands);
    check_reference();
    expect(*program);
    return program;
}

std::vector<TrialResult> Trials::measure(const std::vector<Schedule> &schedules,
                                         const OnResult &on_result) {
    std::vector<Schedule> batch = compile_batch(schedules);
    if (standard_ && std::find(batch.begin(), batch.end(), *standard_) == batch.end())
        batch.push_back(*standard_);
    std::vector<TrialResult> results;
    std::unique_ptr<Program> program;
    for (const Schedule &schedule : schedules) {
        throw_if_interrupted();
        if (!program && !has_failed(schedule)) program = prepare(batch);
        results.push_back(has_failed(schedule) ? failures_.at(to_string(schedule))
                                               : measure_one(*program, schedule));
        if (on_result && !on_result(schedule, results.back())) break;
    }
    return results;
}

// What would be much better than anything so far is measured twice, and its worse time counts: the
// machine may have been busy just while the other schedule had its turns.
TrialResult Trials::measure_one(const Program &program, const Schedule &schedule) {
    TrialResult result = time_one(program, schedule);
    if (result.outcome != Outcome::measured) return result;
    if (best_us_ > 0 && result.us < surprising * best_us_) {
        const TrialResult again = time_one(program, schedule);
        if (again.outcome != Outcome::measured) return again;
        result.us = std::max(result.us, again.us);
    }
    if (best_us_ == 0 || result.us < best_us_) best_us_ = result.us;
    return result;
}

TrialResult Trials::time_one(const Program &program, const Schedule &schedule) {
    std::vector<Schedule> pair = {schedule};
    if (standard_ && *standard_ != schedule) pair.push_back(*standard_);
    const ProgramRun ran = run(program, pair, options_.seconds);
    const Printed printed(ran.output);
    const int at = program.index.at(to_string(schedule));
    if (const auto wrong = printed.wrong.find(at); wrong != printed.wrong.end())
        return {Outcome::wrong, wrong->second};
    if (ran.is_overdue)
        return {Outcome::timeout, "no end within " + std::to_string((int)limit_seconds()) + " s"};
    const auto own = printed.times.find(at);
    if (!ran.succeeded() || own == printed.times.end() || own->second.empty())
        return {Outcome::crashed, ending_of(ran)};
    double us = median(own->second);
    if (pair.size() > 1) {
        const auto other = printed.times.find(program.index.at(to_string(*standard_)));
        // It was right before: something else must have gone wrong with it.
        if (other == printed.times.end())
            return {Outcome::crashed, "the schedule that it is held against fails"};
        us = standard_us_ * median_ratio(own->second, other->second);
    }
    if (!standard_) {
        standard_ = schedule;
        standard_us_ = us;
    }
    return {Outcome::measured, "", us};
}

std::vector<std::optional<double>> Trials::play_off(const std::vector<Schedule> &schedules,
                                                    double seconds) {
    const std::unique_ptr<Program> program = prepare(compile_batch(schedules));
    std::vector<std::optional<double>> times(schedules.size());
    std::vector<Schedule> timed;
    for (const Schedule &schedule : schedules) {
        if (!has_failed(schedule)) timed.push_back(schedule);
    }
    if (timed.empty()) return times;
    const Printed printed(run(*program, timed, seconds).output);
    for (size_t i = 0; i < schedules.size(); i++) {
        const auto at = program->index.find(to_string(schedules[i]));
        if (at == program->index.end()) continue;
        const auto own = printed.times.find(at->second);
        if (own != printed.times.end() && !own->second.empty()) times[i] = median(own->second);
    }
    return times;
}

}  // namespace convoy
