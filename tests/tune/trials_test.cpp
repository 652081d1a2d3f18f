// Trials of schedules that misbehave in every way that is injected here: each costs only itself.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <span>
#include <thread>

#include "compiler/emit/staging.h"
#include "compiler/tune/gpu_name.h"
#include "compiler/tune/local_machine.h"
#include "compiler/tune/trials.h"
#include "schedules/operands.h"
#include "tests/kernels/conv2d_kernels.h"
#include "tests/temporary_folder.h"

namespace convoy {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Ge;
using testing::HasSubstr;

// What a compilation does instead of compiling the schedule.
using Misdeed = void (*)(const CompileJob &job, const Board &board);

[[noreturn]] void sleep_for_ever(const CompileJob &, const Board &) {
    for (;;) pause();
}
[[noreturn]] void abort_at_once(const CompileJob &, const Board &) {
    abort();
}
[[noreturn]] void throw_an_error(const CompileJob &, const Board &) {
    throw std::runtime_error("no such tile\nand more of it");
}
void take_all_memory(const CompileJob &, const Board &) {
    std::vector<std::unique_ptr<char[]>> blocks;  // never written: no page is ever there
    for (;;) blocks.push_back(std::unique_ptr<char[]>(new char[1 << 26]));
}
void write_no_object(const CompileJob &, const Board &) {}
void write_garbage(const CompileJob &job, const Board &) {
    write_file(job.object, "this is no object");
}

// A kernel of 8 channels, scaled each by a weight: small enough to be written in C by hand.
constexpr const char *problem = "g8ic8ih7oc8kh1";

// An object whose function is C. Addresses of a GPU that is the CPU are the host's, too.
void write_function(const std::string &body, const CompileJob &job, const Board &board) {
    const std::filesystem::path source = job.object.string() + ".c";
    const std::string memory = board.gpu ? "device" : "host",
                      channel = board.gpu ? "[i / 49]" : "[i % 8]";
    write_file(source,
               "struct buffer { float *device; void *api; float *host; };\n"
               "void *malloc(__SIZE_TYPE__); void exit(int); unsigned alarm(unsigned);\n"
               "enum { FLOATS = 7 * 7 * 8, ALL = " +
                   std::to_string(output_view(job.kernel).floats()) +
                   " };\n"
                   "int " +
                   job.symbol +
                   "(void *context, struct buffer *input, struct buffer *weights,\n"
                   "    struct buffer *bias, struct buffer *output) {\n"
                   "  static int calls;\n"
                   "  const int is_first = calls++ == 0;\n"
                   "  float *out = output->" +
                   memory + ", *in = input->" + memory +
                   ";\n"
                   "  for (int i = 0; i < FLOATS; i++)\n"
                   "    out[i] = in[i] * weights->" +
                   memory + channel + " + bias->" + memory + channel + ";\n" + body +
                   "\n  (void)context; (void)is_first;\n  return 0;\n}\n");
    Toolchain().compile(board, source, job.object);
}

struct Injected {
    const char *name;
    Misdeed misdeed;   // or null, and
    const char *body;  // behind a right output
    Outcome outcome;
    const char *detail;  // is part of what is told
};

// The signals are those of x86-64 and arm64 Linux.
constexpr Injected injected[] = {
    {"the compiler hangs", sleep_for_ever, "", Outcome::compile_timeout, "took too long"},
    {"the compiler aborts", abort_at_once, "", Outcome::not_compiled, "the compiler crashed"},
    {"the compiler throws", throw_an_error, "", Outcome::not_compiled, "no such tile"},
    {"the compiler takes all memory", take_all_memory, "", Outcome::not_compiled, "std::bad_alloc"},
    {"right", nullptr, "", Outcome::measured, ""},
    {"crashes", nullptr, "*(volatile int *)8 = 1;", Outcome::crashed, "signal 11"},
    {"crashes later", nullptr, "if (!is_first) *(volatile int *)8 = 1;", Outcome::crashed,
     "signal 11"},
    {"ends the process", nullptr, "exit(0);", Outcome::crashed, "exit code 0"},
    {"loops for ever", nullptr, "for (volatile int i = 0;; i++);", Outcome::timeout,
     "no end within 2 s"},
    {"loops for ever later", nullptr, "if (!is_first) for (volatile int i = 0;; i++);",
     Outcome::timeout, "no end within 2 s"},
    {"loops for ever and ignores its alarm", nullptr, "alarm(0); for (volatile int i = 0;; i++);",
     Outcome::timeout, "no end within 2 s"},
    {"takes all memory", nullptr, "for (;;) *(volatile char *)malloc(1 << 26) = 1;",
     Outcome::crashed, "signal 11"},
    {"a wrong value", nullptr, "out[5] += 1;", Outcome::wrong, "float 5 of its output is"},
    {"NaN", nullptr, "out[7] = __builtin_nanf(\"\");", Outcome::wrong,
     "float 7 of its output is nan"},
    {"infinity", nullptr, "out[391] = __builtin_inff();", Outcome::wrong,
     "float 391 of its output is inf"},
    {"before its output", nullptr, "out[-1] = 0;", Outcome::wrong, "it writes outside its output"},
    {"behind its output", nullptr, "out[ALL + 40] = 0;", Outcome::wrong,
     "it writes outside its output"},
    {"outputs unwritten", nullptr, "__builtin_memcpy(out + 9, &(int){0x7fc0beef}, 4);",
     Outcome::wrong, "it leaves outputs unwritten"},
    {"returns an error", nullptr, "return -7;", Outcome::wrong, "it returns an error"},
    {"returns an error later", nullptr, "if (!is_first) return -7;", Outcome::wrong,
     "it returns an error when it is called again"},
};

// What has to be seen in a GPU's memory, or behind its queue.
constexpr Injected injected_on_gpu[] = {
    {"right", nullptr, "", Outcome::measured, ""},
    {"crashes", nullptr, "*(volatile int *)8 = 1;", Outcome::crashed, "signal 11"},
    {"loops for ever later", nullptr, "if (!is_first) for (volatile int i = 0;; i++);",
     Outcome::timeout, "no end within 12 s"},
    {"a wrong value", nullptr, "out[5] += 1;", Outcome::wrong, "float 5 of its output is"},
    {"NaN", nullptr, "out[7] = __builtin_nanf(\"\");", Outcome::wrong,
     "float 7 of its output is nan"},
    {"before its output", nullptr, "out[-1] = 0;", Outcome::wrong, "it writes outside its output"},
    {"behind its output", nullptr, "out[ALL + 40] = 0;", Outcome::wrong,
     "it writes outside its output"},
    {"outputs unwritten", nullptr, "__builtin_memcpy(out + 9, &(int){0x7fc0beef}, 4);",
     Outcome::wrong, "it leaves outputs unwritten"},
    {"returns an error later", nullptr, "if (!is_first) return -7;", Outcome::wrong,
     "it returns an error when it is called again"},
};

class TrialsTest : public testing::Test {
protected:
    explicit TrialsTest(const char *board = "host", int64_t memory_bytes = int64_t{1} << 30)
        : board_(load_board(board)), machine_(folder_.path / "machine", memory_bytes) {}

    const Board board_;
    const Toolchain tools_;
    const TemporaryFolder folder_;
    LocalMachine machine_;

    static Kernel kernel_of(const char *text, const Board &board) {
        const Layout layout = board.gpu ? Layout{} : Layout{8, 8};
        return conv_kernel(parse_conv_problem(text), {layout, layout}, board);
    }
    std::vector<Schedule> schedules_of(const Kernel &kernel) const {
        return template_of({board_.gpu ? "gpu_tiles" : "group_lanes", {}}, board_)
            .candidates(kernel, board_, Span::all);
    }

    // Compiles what is in `instead` otherwise, by the schedule's text.
    static TrialOptions options(
        const std::map<std::string, std::function<void(const CompileJob &, const Board &)>>
            &instead = {},
        double compile_seconds = 60) {
        TrialOptions options;
        options.compile = {compile_seconds, int64_t{4} << 30};
        options.seconds = 0.02;
        options.limit_seconds = 2;
        options.driver_seconds = 10;
        options.compile_function = [instead](const CompileJob &job, const Board &board) {
            const auto found = instead.find(to_string(job.schedule));
            if (found == instead.end()) return CompileProcesses::compile_in_process(job, board);
            found->second(job, board);
            return int64_t{0};
        };
        return options;
    }

    void expect_each_costs_only_itself(std::span<const Injected> entries);
};

void TrialsTest::expect_each_costs_only_itself(std::span<const Injected> entries) {
    const Kernel kernel = kernel_of(problem, board_);
    std::vector<Schedule> schedules = schedules_of(kernel);
    const size_t bad = entries.size();
    ASSERT_GT(schedules.size(), bad + 2);
    std::map<std::string, std::function<void(const CompileJob &, const Board &)>> instead;
    for (size_t i = 0; i < bad; i++) {
        const Injected &entry = entries[i];
        instead[to_string(schedules[i])] = [&entry](const CompileJob &job, const Board &board) {
            if (entry.misdeed)
                entry.misdeed(job, board);
            else
                write_function(entry.body, job, board);
        };
    }
    // Among them one that Halide compiles, which the later ones are held against; behind them
    // another.
    const Schedule between = schedules[bad], last = schedules[bad + 1];
    std::vector<Schedule> batch(schedules.begin(), schedules.begin() + (std::ptrdiff_t)bad);
    batch.insert(batch.begin() + (std::ptrdiff_t)bad / 2, between);
    batch.push_back(last);
    Trials trials(kernel, board_, machine_, tools_, folder_.path / "kernel", options(instead, 12));
    const std::vector<TrialResult> results = trials.measure(batch);

    ASSERT_EQ(results.size(), batch.size());
    for (size_t i = 0; i < bad; i++) {
        const TrialResult &result = results[i + (i >= bad / 2)];
        SCOPED_TRACE(entries[i].name);
        EXPECT_STREQ(to_string(result.outcome), to_string(entries[i].outcome)) << result.detail;
        EXPECT_THAT(result.detail, HasSubstr(entries[i].detail));
        EXPECT_EQ(result.detail.find('\n'), std::string::npos);
        EXPECT_EQ(result.us > 0, result.outcome == Outcome::measured);
    }
    for (const size_t good : {bad / 2, batch.size() - 1}) {
        EXPECT_STREQ(to_string(results[good].outcome), "measured") << results[good].detail;
        EXPECT_GT(results[good].us, 0);
    }
    // A later batch is not worse off, nor is the last comparison.
    const std::vector<TrialResult> later = trials.measure({schedules[bad + 2], batch[0]});
    EXPECT_EQ(later[0].outcome, Outcome::measured) << later[0].detail;
    EXPECT_EQ(later[1].outcome, entries[0].outcome);
    for (const auto &us : trials.play_off({last, between}, 0.02)) EXPECT_TRUE(us && *us > 0);
}

TEST_F(TrialsTest, WhatFailsCostsOnlyItself) {
    expect_each_costs_only_itself(injected);
}

// An OpenCL driver that runs kernels on the CPU.
class GpuTrialsTest : public TrialsTest {
protected:
    GpuTrialsTest() : TrialsTest("opencl", 0) { setenv("CONVOY_OPENCL_DEVICE", "cpu", 1); }
    void SetUp() override {
        try {
            gpu_name(board_, machine_, tools_, folder_.path / "gpu_name");
        } catch (const MachineGone &none) {
            GTEST_SKIP() << none.what();
        }
    }
};

TEST_F(GpuTrialsTest, WhatFailsCostsOnlyItself) {
    expect_each_costs_only_itself(injected_on_gpu);
}

// Lucky once: the candidate of its first process is much faster than that of every later one.
TEST_F(TrialsTest, ASurprisingTimeIsMeasuredTwice) {
    const Kernel kernel = kernel_of(problem, board_);
    const std::vector<Schedule> s = schedules_of(kernel);
    const auto steady = [](const CompileJob &job, const Board &board) {
        write_function("for (volatile int i = 0; i < 20000; i++);", job, board);
    };
    const std::string mark = (folder_.path / "mark").string();
    const auto lucky = [mark](const CompileJob &job, const Board &board) {
        write_function(
            "int open(const char *, int, ...), access(const char *, int);\n"
            "static int work;\n"
            "if (is_first) work = access(\"" +
                mark +
                "\", 0) ? 10 : 20000;\n"
                "if (is_first) open(\"" +
                mark +
                "\", 0101, 0600);\n"
                "for (volatile int i = 0; i < work; i++);",
            job, board);
    };
    Trials trials(kernel, board_, machine_, tools_, folder_.path / "kernel",
                  options({{to_string(s[0]), steady}, {to_string(s[1]), lucky}}));
    const std::vector<TrialResult> results = trials.measure({s[0], s[1]});
    ASSERT_EQ(results[1].outcome, Outcome::measured) << results[1].detail;
    EXPECT_TRUE(std::filesystem::exists(mark));
    EXPECT_GT(results[1].us, 0.5 * results[0].us);
}

TEST_F(TrialsTest, AnObjectThatDoesNotLinkCostsOnlyItself) {
    const Kernel kernel = kernel_of(problem, board_);
    const std::vector<Schedule> s = schedules_of(kernel);
    const auto other_symbol = [](const CompileJob &job, const Board &board) {
        CompileJob other = job;
        other.symbol = "another";
        write_function("", other, board);
    };
    Trials trials(kernel, board_, machine_, tools_, folder_.path / "kernel",
                  options({{to_string(s[0]), write_no_object},
                           {to_string(s[1]), write_garbage},
                           {to_string(s[2]), other_symbol}}));
    const std::vector<TrialResult> results = trials.measure({s[0], s[1], s[3], s[2], s[4]});
    for (const size_t bad : {0, 1, 3}) {
        EXPECT_EQ(results[bad].outcome, Outcome::not_compiled);
        EXPECT_EQ(results[bad].detail, "its object does not link");
    }
    for (const size_t good : {2, 4})
        EXPECT_EQ(results[good].outcome, Outcome::measured) << results[good].detail;
}

// Each has an output of its own to expect.
TEST_F(TrialsTest, KernelsTakeTurnsOnAMachine) {
    const Kernel one = kernel_of("g8ic8ih7oc8kh1", board_),
                 other = kernel_of("g8ic16ih6oc8kh3ph1", board_);
    const std::vector<Schedule> s = schedules_of(one), t = schedules_of(other);
    Trials first(one, board_, machine_, tools_, folder_.path / "kernel_0", options()),
        second(other, board_, machine_, tools_, folder_.path / "kernel_1", options());
    std::vector<TrialResult> results = first.measure({s[0]});
    for (const TrialResult &result : second.measure({t[0]})) results.push_back(result);
    for (const TrialResult &result : first.measure({s[1]})) results.push_back(result);
    for (const TrialResult &result : second.measure({t[1]})) results.push_back(result);
    for (const TrialResult &result : results)
        EXPECT_EQ(result.outcome, Outcome::measured) << result.detail;
}

// What happens while its first program runs.
class WatchedMachine : public LocalMachine {
public:
    using LocalMachine::LocalMachine;
    std::function<void()> meanwhile;
    std::vector<std::string> programs;

    ProgramRun run(const std::string &program, const std::vector<std::string> &arguments,
                   double limit_seconds) override {
        programs.push_back(program);
        if (programs.size() == 1) meanwhile();
        return LocalMachine::run(program, arguments, limit_seconds);
    }
};

TEST_F(TrialsTest, AKernelIsCompiledWhileAnotherHasItsTurn) {
    const Kernel one = kernel_of("g8ic8ih7oc8kh1", board_),
                 other = kernel_of("g8ic16ih6oc8kh3ph1", board_);
    const std::vector<Schedule> s = schedules_of(one), t = schedules_of(other);
    WatchedMachine machine(folder_.path / "watched", int64_t{1} << 30);
    Trials first(one, board_, machine, tools_, folder_.path / "kernel_0", options()),
        second(other, board_, machine, tools_, folder_.path / "kernel_1", options());
    std::future<std::vector<TrialResult>> others;
    machine.meanwhile = [&] {
        others = std::async(std::launch::async, [&] { return second.measure({t[0]}); });
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
        while (!std::filesystem::exists(folder_.path / "kernel_1" / "kernel_1_program")) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it is never linked";
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    };
    std::vector<TrialResult> results = first.measure({s[0], s[1]});
    for (const TrialResult &result : others.get()) results.push_back(result);
    for (const TrialResult &result : results)
        EXPECT_EQ(result.outcome, Outcome::measured) << result.detail;
    EXPECT_TRUE(std::ranges::is_sorted(machine.programs));
    EXPECT_THAT(machine.programs, AllOf(Contains("kernel_0_program").Times(Ge(3)),
                                        Contains("kernel_1_program").Times(Ge(2))));
}

TEST_F(TrialsTest, EachResultIsToldAtOnceAndMayBeTheLast) {
    const Kernel kernel = kernel_of(problem, board_);
    const std::vector<Schedule> s = schedules_of(kernel);
    Trials trials(kernel, board_, machine_, tools_, folder_.path / "kernel", options());
    std::vector<Schedule> told;
    const std::vector<TrialResult> results =
        trials.measure({s[0], s[1], s[2]}, [&](const Schedule &schedule, const TrialResult &r) {
            EXPECT_GT(r.us, 0);
            told.push_back(schedule);
            return told.size() < 2;
        });
    EXPECT_EQ(results.size(), 2u);
    EXPECT_EQ(told, (std::vector{s[0], s[1]}));
}

TEST_F(TrialsTest, WithoutAReferenceThereIsNoTrial) {
    const Kernel kernel = kernel_of(problem, board_);
    TrialOptions refusing = options();
    refusing.compile_function = [](const CompileJob &job, const Board &board) {
        if (job.schedule.template_name == "reference") throw std::runtime_error("no memory");
        return CompileProcesses::compile_in_process(job, board);
    };
    Trials trials(kernel, board_, machine_, tools_, folder_.path / "kernel", refusing);
    try {
        trials.measure({schedules_of(kernel)[0]});
        FAIL() << "no error";
    } catch (const std::runtime_error &error) {
        EXPECT_EQ(error.what(), "the reference schedule of " + to_string(kernel) +
                                    " does not compile: no memory");
    }
}

// Sums of 64 channels are far beyond 6: the rounding of Winograd's transforms is as large as they
// are.
TEST_F(TrialsTest, RoundingUnderANarrowActivationIsNoMistake) {
    const Layout layout{board_.vector_floats};
    Conv2dKernel kernel =
        conv_kernel(parse_conv_problem("ic64ih12oc32kh3ph1"), {layout, layout}, board_);
    kernel.activation = Activation::clip(0, 6);
    std::map<int, Schedule> of_size;
    for (Schedule &s :
         template_of({"winograd", {}}, board_).candidates(kernel, board_, Span::usual))
        of_size[s.at("m")] = std::move(s);
    ASSERT_GE(of_size.size(), 2u);
    std::vector<Schedule> schedules;
    for (auto &[m, schedule] : of_size) schedules.push_back(std::move(schedule));
    Trials trials(kernel, board_, machine_, tools_, folder_.path / "kernel", options());
    for (const TrialResult &result : trials.measure(schedules))
        EXPECT_STREQ(to_string(result.outcome), "measured") << result.detail;
}

TEST_F(TrialsTest, LeavesNoFiles) {
    const Kernel kernel = kernel_of(problem, board_);
    {
        Trials trials(kernel, board_, machine_, tools_, folder_.path / "kernel", options());
        trials.measure({schedules_of(kernel)[0]});
        EXPECT_TRUE(std::filesystem::exists(folder_.path / "kernel"));
    }
    EXPECT_FALSE(std::filesystem::exists(folder_.path / "kernel"));
}

class LocalMachineTest : public testing::Test {
protected:
    const TemporaryFolder folder_;
    LocalMachine machine_{folder_.path / "machine", int64_t{1} << 30};

    ProgramRun run(const std::string &script, double limit_seconds = 20) {
        const std::filesystem::path file = folder_.path / "script";
        write_file(file, "#!/bin/sh\n" + script);
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        machine_.receive({file});
        return machine_.run("script", {"a", "b c"}, limit_seconds);
    }
};

TEST_F(LocalMachineTest, TellsWhatAProgramDid) {
    const ProgramRun good = run("echo \"$1-$2\"; echo more >&2; pwd");
    EXPECT_TRUE(good.succeeded());
    EXPECT_THAT(good.output, HasSubstr("a-b c\nmore\n"));
    EXPECT_EQ(run("exit 3").exit_code, 3);
    EXPECT_EQ(run("kill -9 $$").signal, 9);
    EXPECT_FALSE(run("kill -9 $$").is_overdue);
    EXPECT_EQ(run("echo half; kill -11 $$").output, "half\n");
    EXPECT_TRUE(run("kill -14 $$").is_overdue);
    EXPECT_FALSE(run("kill -14 $$").succeeded());
}

TEST_F(LocalMachineTest, EndsAProgramThatIsLate) {
    const auto start = std::chrono::steady_clock::now();
    const ProgramRun late = run("exec sleep 60", 0.3);
    EXPECT_TRUE(late.is_overdue);
    EXPECT_FALSE(late.succeeded());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST_F(LocalMachineTest, LaterFilesReplaceEarlierOnes) {
    EXPECT_EQ(run("echo 1").output, "1\n");
    EXPECT_EQ(run("echo 2").output, "2\n");
}

}  // namespace
}  // namespace convoy
