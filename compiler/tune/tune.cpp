#include "compiler/tune/tune.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <set>
#include <thread>

#include "compiler/emit/staging.h"
#include "compiler/interrupt.h"
#include "compiler/tune/kernel_search.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double play_off_seconds = 0.4, record_seconds = 0.8;
// Other layouts than the best predicted one are measured where their predictions come this near.
constexpr double exploring_doubt = 0.95;
constexpr size_t most_known_rows = 3000;

// A kernel on its way: searched, then its best compared once more, then recorded.
struct Task {
    KernelSearch search;
    std::unique_ptr<Trials> trials = {};  // on the machine that it was given to
    Machine *machine = nullptr;
    bool is_busy = false, is_recorded = false;
    bool has_failed = false;  // for no schedule's reason: what was measured decides
};

class Tuner {
public:
    Tuner(const std::vector<Analyzed> &models, const Board &board,
          const std::vector<std::unique_ptr<Machine>> &machines, const TuneOptions &options)
        : models_(models),
          board_(board),
          machines_(machines),
          options_(options),
          store_(options.store),
          records_(load_records(
              board, {options.record_files, options.warn, [&] { return machines.front()->cpu(); },
                      options.store, options.trials.threads})),
          job_slots_(options.trials.jobs),
          session_(std::to_string(std::time(nullptr)) + "-" + std::to_string(getpid())) {
        result_.board = board.name;
        result_.cpu = machines.front()->cpu();
        result_.halide = halide_version();
        records_.doubt = exploring_doubt;
        learn_from_earlier();
    }

    TuneResult run() {
        try {
            while (!is_over_ && add_tasks()) work();
        } catch (const Interrupted &) {  // while it planned
            result_.was_interrupted = true;
        }
        // What is searched is recorded even where the time is over.
        finish();
        if (measurements_ == 0 && !result_.no_machine.empty())
            throw MachineGone(result_.no_machine);
        for (const auto &task : tasks_) {
            result_.kernels.push_back(task->search.take_result());
            result_.kernels.back().has_failed = task->has_failed;
        }
        result_.seconds = seconds();
        return std::move(result_);
    }

private:
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
    // What is searched has to be compared with the default once more before it is recorded.
    bool is_time_over() const {
        const auto open = std::count_if(tasks_.begin(), tasks_.end(), [](const auto &task) {
            return !task->is_recorded && task->search.result().measurements > 0;
        });
        return seconds() + (double)open * record_seconds / (double)machines_.size() >=
               options_.seconds;
    }

    void learn_from_earlier() {
        MeasurementFilter filter;
        filter.board = board_.name;
        filter.cpu = result_.cpu;
        filter.threads = options_.trials.threads;
        earlier_ = store_.measurements(filter);
        std::erase_if(earlier_, [&](const Measurement &m) {
            return m.halide != result_.halide ||
                   !is_template(m.schedule.template_name, m.template_version);
        });
        for (const Measurement &m : earlier_) learn(m);
    }

    void learn(const Measurement &m) {
        if (auto row = known_row(m)) known_.push_back(std::move(*row));
        if (known_.size() > most_known_rows)
            known_.erase(known_.begin(), known_.begin() + (std::ptrdiff_t)most_known_rows / 10);
    }

    // The kernels that the models use now and that were not searched; false where there are none.
    bool add_tasks() {
        AnalyzeOptions options;
        options.rules = options_.rules;
        bool has_new = false;
        for (const UsedKernel &used : used_kernels(models_, board_, records_, options)) {
            const std::string text = to_string(used.kernel);
            if (!is_tunable(used.kernel) || !is_wanted(text) || !seen_.insert(text).second)
                continue;
            // One that a compilation does not take, as its schedule is not allowed, is none; so is
            // one of another number of threads, or of a kernel that is only similar.
            const RankedSchedule known =
                rank_schedules(used.kernel, board_, records_, 1, options_.rules).front();
            const bool is_own =
                known.is_of(used.kernel) && known.record->threads == options_.trials.threads;
            const std::shared_ptr<const Record> record = is_own ? known.record : nullptr;
            if (record && !options_.again && !options_.resumes) {
                leave_alone(used, *record);
                continue;
            }
            auto task = std::make_unique<Task>(KernelSearch(used, board_, options_));
            if (known.from_record()) task->search.try_first(known.schedule);
            if (options_.resumes) {
                for (const Measurement &m : earlier_) {
                    if (m.kernel == text) task->search.remember(m);
                }
                if (!record) task->search.measure_remembered_best();
                if (record && task->search.is_over()) {
                    leave_alone(used, *record);
                    continue;
                }
            }
            tasks_.push_back(std::move(task));
            has_new = true;
        }
        return has_new;
    }

    bool is_wanted(const std::string &kernel) const {
        return options_.only.empty() ||
               std::ranges::any_of(options_.only, [&](const std::string &part) {
                   return kernel.find(part) != std::string::npos;
               });
    }

    void leave_alone(const UsedKernel &used, const Record &record) {
        TunedKernel &known = result_.kernels.emplace_back();
        known.kernel = used.kernel;
        known.steps = used.steps;
        known.had_record = known.is_finished = true;
        known.best_us = record.time_us;
        known.default_us = record.default_us;
        known.best = record.schedule;
    }

    // All machines search until no task is left or the time is over. While a distant one measures,
    // more kernels are compiled for it.
    void work() {
        std::vector<std::thread> workers;
        for (const auto &machine : machines_) {
            if (gone_.contains(machine.get())) continue;
            for (int i = 0; i < (machine->is_here() ? 1 : 2); i++)
                workers.emplace_back([this, m = machine.get()] { work_on(*m); });
        }
        for (std::thread &worker : workers) worker.join();
        if (failure_) std::rethrow_exception(failure_);
    }

    void work_on(Machine &machine) {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (is_time_over()) is_over_ = true;
            if (is_over_ || failure_ || gone_.contains(&machine)) return;
            if (std::all_of(tasks_.begin(), tasks_.end(),
                            [](const auto &t) { return t->is_recorded; }))
                return;
            Task *task = take(machine);
            if (!task) {
                // What another machine began comes here when that goes away.
                changed_.wait_for(lock, std::chrono::milliseconds(100));
                continue;
            }
            lock.unlock();
            try_to_advance(*task, machine);
            lock.lock();
            changed_.notify_all();
        }
    }

    void try_to_advance(Task &task, Machine &machine) {
        std::unique_ptr<Trials> ended;  // its files go after the lock
        try {
            advance(task, machine);
            return;
        } catch (const MachineGone &gone) {
            const std::lock_guard lock(mutex_);
            lose(machine, gone);
            task.is_busy = false;
            task.machine = nullptr;
            ended = std::move(task.trials);
        } catch (const Interrupted &) {
            const std::lock_guard lock(mutex_);
            is_over_ = result_.was_interrupted = true;
            task.is_busy = false;
        } catch (const RecordError &) {
            const std::lock_guard lock(mutex_);
            failure_ = std::current_exception();
        } catch (const std::bad_alloc &) {
            const std::lock_guard lock(mutex_);
            fail(task, "no memory for the operands of " + to_string(task.search.result().kernel));
            ended = std::move(task.trials);
        } catch (const std::exception &error) {
            const std::lock_guard lock(mutex_);
            fail(task, error.what());
            ended = std::move(task.trials);
        }
    }

    void fail(Task &task, const std::string &why) {
        warn(why);
        task.is_busy = false;
        task.is_recorded = task.has_failed;
        task.has_failed = true;
    }

    void lose(const Machine &machine, const MachineGone &gone) {
        if (!gone_.insert(&machine).second) return;
        const bool is_last = gone_.size() == machines_.size();
        if (is_last) {
            is_over_ = true;
            result_.no_machine = gone.what();
        } else {
            warn(gone.what() + std::string("; its kernels go to the other machines"));
        }
    }

    // The task that promises most; one that another machine began only where that is gone.
    Task *take(Machine &machine) {
        Task *best = nullptr;
        for (const auto &task : tasks_) {
            if (task->is_busy || task->is_recorded) continue;
            if (task->machine && task->machine != &machine && !gone_.contains(task->machine))
                continue;
            // Those that are over need their record first.
            if (task->has_failed || task->search.is_over()) {
                best = task.get();
                break;
            }
            if (!best || task->search.promise() > best->search.promise()) best = task.get();
        }
        if (!best) return nullptr;
        best->is_busy = true;
        best->machine = &machine;
        return best;
    }

    // On the machine that it was given to.
    Trials &trials_of(Task &task) {
        if (!task.trials) {
            TrialOptions options = options_.trials;
            options.job_slots = &job_slots_;
            const fs::path folder = staging_.work() / ("kernel_" + std::to_string(folders_++));
            task.trials = std::make_unique<Trials>(task.search.result().kernel, board_,
                                                   *task.machine, tools_, folder, options);
        }
        return *task.trials;
    }

    // One batch of a task, or its end.
    void advance(Task &task, Machine &machine) {
        if (task.has_failed || task.search.is_over()) return record(task, !task.has_failed);
        std::vector<Search::KnownRow> known;
        {
            const std::lock_guard lock(mutex_);
            known = known_;
            show(task);
        }
        trials_of(task).measure(task.search.next(known),
                                [&](const Schedule &schedule, const TrialResult &result) {
                                    keep(task, machine, schedule, result);
                                    const std::lock_guard lock(mutex_);
                                    return !is_time_over();
                                });
        const std::lock_guard lock(mutex_);
        task.search.report_batch_end();
        task.is_busy = false;
        show(task);
    }

    // At once, so that whoever ends this process takes no measurement with it but the running one.
    void keep(Task &task, Machine &machine, const Schedule &schedule, const TrialResult &result) {
        Measurement m = task.search.measurement(schedule, result);
        m.session = session_;
        m.threads = options_.trials.threads;
        m.cpu = machine.cpu();
        m.halide = result_.halide;
        const std::lock_guard lock(mutex_);
        store_.add(m);
        learn(m);
        task.search.report(schedule, result, seconds());
        measurements_++;
    }

    // All together; where that fails, which takes one of them, the best and the default alone.
    std::vector<std::optional<double>> play_off(Task &task,
                                                const std::vector<Schedule> &finalists) {
        auto times = trials_of(task).play_off(finalists, play_off_seconds);
        if (finalists.size() <= 2 ||
            std::any_of(times.begin(), times.end(), [](const auto &us) { return us.has_value(); }))
            return times;
        const auto two =
            trials_of(task).play_off({finalists.front(), finalists.back()}, play_off_seconds);
        times.front() = two.front();
        times.back() = two.back();
        return times;
    }

    // Without a machine, what was measured decides.
    void record(Task &task, bool has_machine) {
        const std::vector<Schedule> finalists = task.search.finalists();
        std::vector<std::optional<double>> times = task.search.times_us(finalists);
        if (has_machine && !finalists.empty()) times = play_off(task, finalists);
        std::unique_ptr<Trials> ended;  // its files go after the lock
        const std::lock_guard lock(mutex_);
        task.search.decide(finalists, times);
        task.is_busy = false;
        task.is_recorded = true;
        ended = std::move(task.trials);
        const TunedKernel &done = task.search.result();
        if (finalists.empty()) return;
        Record record;
        record.kernel = to_string(done.kernel);
        record.threads = options_.trials.threads;
        record.board = board_.name;
        record.cpu = result_.cpu;
        record.halide = result_.halide;
        record.schedule = done.best;
        record.template_version = template_of(done.best, board_).version;
        record.time_us = done.best_us;
        record.default_us = done.default_us;
        record.predicted_us = task.search.predicted_us();
        record.measurements = done.measurements;
        record.at = (int64_t)std::time(nullptr);
        record.source = "database";
        store_.put(record);
        records_.add(record.kernel, record);
        show(task);
    }

    // The records of searches that were cut off.
    void finish() {
        for (const auto &task : tasks_) {
            if (!task->is_recorded && !task->search.finalists().empty()) finish(*task);
        }
    }

    void finish(Task &task) {
        for (const auto &machine : machines_) {
            // Whoever interrupts does not want to wait.
            if (result_.was_interrupted) break;
            if (gone_.contains(machine.get())) continue;
            if (task.machine && task.machine != machine.get() && !gone_.contains(task.machine))
                continue;
            if (task.machine != machine.get()) task.trials.reset();
            task.machine = machine.get();
            try {
                return record(task, true);
            } catch (const RecordError &) {
                throw;
            } catch (const MachineGone &gone) {
                lose(*machine, gone);
            } catch (const Interrupted &) {
                result_.was_interrupted = true;
            } catch (const std::exception &error) {
                warn(error.what());
                break;
            }
        }
        record(task, false);
    }

    void warn(const std::string &text) {
        if (options_.warn) options_.warn(text);
    }

    void show(const Task &task) {
        if (!options_.progress) return;
        const TunedKernel &k = task.search.result();
        TuneProgress p;
        p.total = (int)tasks_.size();
        p.done = (int)std::count_if(tasks_.begin(), tasks_.end(),
                                    [](const auto &t) { return t->is_recorded; });
        p.measurements = measurements_;
        p.kernel = to_string(k.kernel);
        p.default_us = k.default_us;
        p.best_us = k.best_us;
        p.roofline_us = k.roofline_us;
        double before = 0, after = 0;
        for (const auto &other : tasks_) {
            const TunedKernel &o = other->search.result();
            before += o.default_us * (double)o.steps.size();
            after += (o.default_us > 0 ? o.best_us : 0) * (double)o.steps.size();
        }
        p.saved_share = before > 0 ? 1 - after / before : 0;
        p.seconds_left = std::max(0.0, options_.seconds - seconds());
        options_.progress(p);
    }

    const std::vector<Analyzed> &models_;
    const Board &board_;
    const std::vector<std::unique_ptr<Machine>> &machines_;
    const TuneOptions &options_;
    const Toolchain tools_;
    const Staging staging_{fs::temp_directory_path()};
    RecordStore store_;
    Records records_;
    std::counting_semaphore<> job_slots_;
    const std::string session_;
    const Clock::time_point start_ = Clock::now();
    std::vector<Measurement> earlier_;

    std::mutex mutex_;  // of all below
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Task>> tasks_;
    std::vector<Search::KnownRow> known_;
    std::set<std::string> seen_;
    std::set<const Machine *> gone_;
    std::exception_ptr failure_;
    TuneResult result_;
    std::atomic<int> folders_ = 0;
    int measurements_ = 0;
    bool is_over_ = false;
};

}  // namespace

TuneResult tune(const std::vector<Analyzed> &models, const Board &board,
                const std::vector<std::unique_ptr<Machine>> &machines, const TuneOptions &options) {
    TuneOptions consistent = options;
    consistent.rules.threads = options.trials.threads;
    return Tuner(models, board, machines, consistent).run();
}

}  // namespace convoy
