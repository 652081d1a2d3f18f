#include "schedules/records.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <regex>
#include <set>

#include "schedules/record_file.h"
#include "schedules/record_store.h"
#include "schedules/similar_kernel.h"
#include "schedules/template.h"
#include "targets/cpu_model.h"
#include "targets/data_folder.h"

namespace convoy {

namespace fs = std::filesystem;

const Record *Records::find(const std::string &kernel) const {
    const auto found = records_.find(kernel);
    return found == records_.end() ? nullptr : &found->second;
}

namespace {

// "conv2d g8ic64...+relu" of "conv2d mb4g8ic64...+relu nChw8c->nChw8c".
std::string convolution_of(const std::string &kernel) {
    static const std::regex images(R"(^(\S+ )mb\d+)");
    return std::regex_replace(kernel.substr(0, kernel.find(' ', kernel.find(' ') + 1)), images,
                              "$1");
}

double log_ratio(const TunedRecord &record) {
    return std::log(record.time_us / record.predicted_us);
}

}  // namespace

void Records::add(const std::string &kernel, Record record) {
    const auto count = [&](const TunedRecord &counted, int sign) {
        if (counted.predicted_us <= 0) return;
        for (const std::string &of : {convolution_of(kernel), std::string()}) {
            ratios_[of].logarithms += sign * log_ratio(counted);
            ratios_[of].count += sign;
        }
    };
    if (const auto old = records_.find(kernel); old != records_.end()) count(old->second, -1);
    count(record, 1);
    record.kernel = kernel;
    const Record &added = records_[kernel] = std::move(record);
    const std::string similar = similar_kernel(kernel);
    if (similar.empty()) return;
    // The fastest of a source: what follows the sums may take as long as they do.
    const auto [known, is_new] = similar_.try_emplace(similar, kernel);
    const Record &best = records_.at(known->second);
    if (best.source != added.source || best.time_us > added.time_us) known->second = kernel;
}

std::optional<Record> Records::find_similar(const std::string &kernel) const {
    if (const Record *own = find(kernel)) return *own;
    const std::string similar = similar_kernel(kernel);
    const auto other = similar_.find(similar);
    if (similar.empty() || other == similar_.end()) return {};
    return records_.at(other->second);
}

double Records::measured_over_predicted(const std::string &kernel) const {
    for (const std::string &of : {convolution_of(kernel), std::string()}) {
        const auto found = ratios_.find(of);
        if (found != ratios_.end() && found->second.count > 0)
            return std::exp(found->second.logarithms / found->second.count);
    }
    return 1;
}

fs::path records_folder() {
    return data_folder("CONVOY_RECORDS", "records", "schedules/records");
}

namespace {

// Empty for a record that compiling takes, else why it does not: what there is, what `these` are.
std::string why_ignored(const TunedRecord &record, const std::vector<const Template *> &templates,
                        const char *these) {
    const std::string &name = record.schedule.template_name;
    int version = 0;  // families may each have one of the name
    for (const Template *t : templates) {
        if (t->name != name) continue;
        version = t->version;
        if (version == record.template_version) break;
    }
    if (version == 0) return "there is no template " + name + " for board " + record.board;
    if (version != record.template_version)
        return "template " + name + " is version " + std::to_string(version) + ", " + these +
               " of version " + std::to_string(record.template_version);
    if (record.halide != halide_version())
        return "this is Halide " + halide_version() + ", " + these + " of " + record.halide;
    if (is_emulated(record.cpu)) return "an emulator's times are no board's";
    return "";
}

class Loader {
public:
    Loader(const Board &board, const RecordOptions &options)
        : board_(board), options_(options), templates_(templates_for(board)) {}

    // What a place has; `kind` and the file's name are the source.
    void read(std::vector<TunedRecord> list, const char *kind, const fs::path &file) {
        std::erase_if(list, [&](const TunedRecord &r) { return r.board != board_.name; });
        places_.push_back({std::move(list), kind, file.filename().string()});
    }

    Records take() {
        for (const int threads : std::set{1, options_.threads}) {
            for (const Place &place : places_) add(place, threads);
        }
        return std::move(records_);
    }

private:
    struct Place {
        std::vector<TunedRecord> list;
        std::string kind, name;
    };

    // Takes the place of what was there.
    void add(const Place &place, int threads) {
        std::vector<TunedRecord> list = place.list;
        std::erase_if(list, [&](const TunedRecord &r) { return r.threads != threads; });
        for (const std::string &line : take_out_ignored(list, place.name, templates_))
            if (options_.warn) options_.warn(line);
        std::stable_sort(list.begin(), list.end(), [&](const TunedRecord &a, const TunedRecord &b) {
            return a.kernel != b.kernel ? a.kernel < b.kernel : is_preferred(b, a);
        });
        for (const TunedRecord &record : list)
            records_.add(record.kernel, {record, place.kind + " " + place.name});
    }

    // Of records of one kernel, which one compiling takes.
    bool is_preferred(const TunedRecord &a, const TunedRecord &b) {
        if (a.cpu == b.cpu) return a.at > b.at;
        if (!cpu_) cpu_ = options_.cpu ? options_.cpu() : cpu_model();
        return std::tuple(a.cpu == *cpu_, a.at) > std::tuple(b.cpu == *cpu_, b.at);
    }

    const Board &board_;
    const RecordOptions &options_;
    const std::vector<const Template *> templates_;
    std::optional<std::string> cpu_;
    std::vector<Place> places_;
    Records records_;
};

}  // namespace

std::vector<std::string> take_out_ignored(std::vector<TunedRecord> &records,
                                          const std::string &place,
                                          const std::vector<const Template *> &templates) {
    const auto end = std::stable_partition(
        records.begin(), records.end(),
        [&](const TunedRecord &r) { return why_ignored(r, templates, "").empty(); });
    const auto use = [](const TunedRecord &r) { return std::tie(r.kernel, r.board, r.threads); };
    std::set<std::tuple<std::string, std::string, int>> served;
    for (auto r = records.begin(); r != end; ++r) served.insert(use(*r));
    std::map<std::string, std::pair<int, std::string>> reasons;  // how many, as said of one
    for (auto r = end; r != records.end(); ++r) {
        if (served.contains(use(*r))) continue;
        auto &[count, of_one] = reasons[why_ignored(*r, templates, "the records are")];
        count++;
        of_one = why_ignored(*r, templates, "the record is");
    }
    records.erase(end, records.end());
    std::vector<std::string> lines;
    for (const auto &[reason, told] : reasons) {
        const auto &[count, of_one] = told;
        lines.push_back(count == 1 ? "1 record of " + place + " is ignored: " + of_one
                                   : std::to_string(count) + " records of " + place +
                                         " are ignored: " + reason);
    }
    return lines;
}

Records load_records(const Board &board, const RecordOptions &options) {
    Loader loader(board, options);
    std::error_code error;
    const fs::path own = records_folder() / (board.name + ".json");
    if (fs::exists(own, error)) loader.read(read_record_file(own), "project", own);
    const fs::path database = options.database.empty() ? user_record_store() : options.database;
    if (!database.empty() && fs::exists(database, error)) {
        const RecordStore store(database, RecordStore::Access::read);
        loader.read(store.records({.board = board.name}), "database", database);
    }
    for (const fs::path &file : options.files) loader.read(read_record_file(file), "file", file);
    return loader.take();
}

}  // namespace convoy
