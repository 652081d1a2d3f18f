// The tuner's search on times that were measured before: search_replay DATABASE LAYER... For each
// kernel of the layers whose every legal schedule is in the database, in what order the search
// would have measured them. JSON on stdout, for bench/search.py.

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "compiler/tune/kernel_search.h"
#include "tools/options.h"

namespace convoy {

namespace {

using nlohmann::json;

struct Options {
    std::string database, board = "host";
    std::vector<std::string> layers;
    int seeds = 5;
    double share = 0.5;
};

// A kernel with all its points and what came of each.
struct Measured {
    std::string layer;
    UsedKernel used;
    std::vector<Measurement> points;
};

// The last measurement of every schedule.
std::vector<Measurement> last_of_each(const std::vector<Measurement> &measurements) {
    std::vector<Measurement> points;
    for (const Measurement &m : measurements) {
        const auto found = std::find_if(points.begin(), points.end(), [&](const Measurement &p) {
            return p.schedule == m.schedule;
        });
        if (found == points.end())
            points.push_back(m);
        else
            *found = m;
    }
    return points;
}

bool has_all(const std::vector<Point> &space, const std::vector<Measurement> &points) {
    return std::all_of(space.begin(), space.end(), [&](const Point &point) {
        return std::any_of(points.begin(), points.end(),
                           [&](const Measurement &m) { return m.schedule == point.schedule; });
    });
}

std::vector<Measured> read(const Options &options, const Board &board) {
    const RecordStore store(options.database, RecordStore::Access::read);
    std::vector<Measured> list;
    for (const std::string &layer : options.layers) {
        const ImportOptions import;
        const std::vector<Analyzed> models = {model_or_layer(layer, import)};
        for (const UsedKernel &used : used_kernels(models, board, Records{}, {})) {
            const std::string text = to_string(used.kernel);
            if (!is_tunable(used.kernel) ||
                std::any_of(list.begin(), list.end(),
                            [&](const Measured &m) { return to_string(m.used.kernel) == text; }))
                continue;
            MeasurementFilter filter;
            filter.board = board.name;
            filter.kernel = text;
            filter.threads = 1;
            std::vector<Measurement> points = last_of_each(store.measurements(filter));
            const std::vector<Point> space = search_space(used.kernel, board, {});
            if (points.empty()) continue;
            if (has_all(space, points))
                list.push_back({layer, used, std::move(points)});
            else
                std::cerr << text << ": " << points.size() << " of " << space.size()
                          << " points are measured, it is left out\n";
        }
    }
    return list;
}

struct Replay {
    std::vector<size_t> order;  // of points
    size_t stopped = 0;         // after so many the tuner would have stopped
};

Replay replay(const Measured &kernel, const Board &board, uint32_t seed, double share,
              const std::vector<Search::KnownRow> &known) {
    TuneOptions options;
    options.seed = seed;
    KernelSearch search(kernel.used, board, options);
    Replay replay;
    bool has_stopped = false;
    while ((double)replay.order.size() < share * (double)kernel.points.size()) {
        const std::vector<Schedule> batch = search.next(known);
        if (batch.empty()) break;
        for (const Schedule &schedule : batch) {
            const auto found =
                std::find_if(kernel.points.begin(), kernel.points.end(),
                             [&](const Measurement &m) { return m.schedule == schedule; });
            if (found == kernel.points.end()) continue;
            search.report(schedule, {found->outcome, found->detail, found->time_us}, 0);
            replay.order.push_back((size_t)(found - kernel.points.begin()));
        }
        search.report_batch_end();
        if (!has_stopped) replay.stopped = replay.order.size();
        has_stopped = has_stopped || search.is_over();
    }
    return replay;
}

// What is known of all other layers.
std::vector<Search::KnownRow> rows_of_others(const std::vector<Measured> &list,
                                             const Measured &of) {
    std::vector<Search::KnownRow> rows;
    for (const Measured &other : list) {
        if (other.layer == of.layer) continue;
        for (const Measurement &m : other.points) {
            if (auto row = known_row(m)) rows.push_back(std::move(*row));
        }
    }
    return rows;
}

json to_json(const std::vector<Measured> &list, const Measured &kernel, const Board &board,
             const Options &options) {
    json times = json::array(), model = json::array(), informed = json::array(),
         stopped = json::array();
    size_t by_default = 0;
    const Schedule default_schedule =
        KernelSearch(kernel.used, board, {}).result().default_schedule;
    for (size_t i = 0; i < kernel.points.size(); i++) {
        const Measurement &m = kernel.points[i];
        times.push_back(m.outcome == Measurement::Outcome::measured ? json(m.time_us) : json());
        if (m.schedule == default_schedule) by_default = i;
    }
    const std::vector<Search::KnownRow> known = rows_of_others(list, kernel);
    for (uint32_t seed = 1; seed <= (uint32_t)options.seeds; seed++) {
        const Replay alone = replay(kernel, board, seed, options.share, {});
        model.push_back(alone.order);
        stopped.push_back(alone.stopped);
        if (!known.empty())
            informed.push_back(replay(kernel, board, seed, options.share, known).order);
    }
    json methods = {{"model", model}};
    if (!known.empty()) methods["informed"] = informed;
    return {{"layer", kernel.layer},
            {"kernel", to_string(kernel.used.kernel)},
            {"cpu", kernel.points.front().cpu},
            {"times_us", times},
            {"default", by_default},
            {"stopped", stopped},
            {"methods", methods}};
}

void run(const Options &options) {
    const Board board = load_board(options.board);
    const std::vector<Measured> list = read(options, board);
    json kernels = json::array();
    for (const Measured &kernel : list) kernels.push_back(to_json(list, kernel, board, options));
    std::cout << json({{"board", board.name}, {"kernels", kernels}}).dump() << "\n";
}

}  // namespace

}  // namespace convoy

int main(int argc, char **argv) {
    CLI::App app{"Replays the tuner's search on recorded times, for bench/search.py"};
    convoy::Options options;
    app.add_option("database", options.database)->required();
    app.add_option("layers", options.layers)->required();
    app.add_option("--board", options.board);
    app.add_option("--seeds", options.seeds);
    app.add_option("--share", options.share, "Of the points, that are replayed");
    CLI11_PARSE(app, argc, argv);
    try {
        convoy::run(options);
    } catch (const std::exception &error) {
        std::cerr << "search_replay: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
