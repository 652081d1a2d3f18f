#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schedules/tuned_record.h"
#include "targets/board.h"

namespace convoy {

struct Template;

// A record that compiling may take, and where it comes from: "project zen4.json", "database
// records.sqlite", "file mine.json".
struct Record : TunedRecord {
    std::string source;
};

// The schedules measured to be best on a board, by the kernel's text.
class Records {
public:
    const Record *find(const std::string &kernel) const;
    // A kernel's own record, else one of a kernel that differs in what its loops do not depend on
    // (similar_kernel.h): the fastest of these, of the source that was added last. Empty where
    // neither is.
    std::optional<Record> find_similar(const std::string &kernel) const;
    void add(const std::string &kernel, Record record);
    size_t size() const { return records_.size(); }

    // What to expect of a kernel that has no record, as measured over predicted time: what the
    // records of its convolution in other layouts and of other numbers of images say, else what all
    // say.
    double measured_over_predicted(const std::string &kernel) const;
    // And by how much more than measured ones such expectations are held against it: the best of
    // many is one that errs. Tuning takes less than 1, to measure what might be as good.
    double doubt = 1.05;

private:
    std::map<std::string, Record> records_;
    std::map<std::string, std::string> similar_;  // of each similar text, the latest source's
    struct Ratios {
        double logarithms = 0;
        int count = 0;
    };
    std::map<std::string, Ratios> ratios_;  // by convolution, and of all under ""
};

// The folder of the project's record files: $CONVOY_RECORDS, else beside the installed tool, else
// the source tree's.
std::filesystem::path records_folder();

struct RecordOptions {
    std::vector<std::filesystem::path> files;  // named by whoever compiles
    // Receives one line for each reason for which records are ignored; may be empty.
    std::function<void(const std::string &)> warn;
    // The processor or GPU whose own go first, asked for where a kernel has records of several;
    // empty: this machine's processor.
    std::function<std::string()> cpu = {};
    std::filesystem::path database = {};  // empty: the user's
    // That kernels run on. Where a kernel has none of so many, one of one thread serves.
    int threads = 1;
};

// A board's records. Where several places have one for a kernel the later wins: the project's file
// records_folder()/<board>.json, the database, the files that are named; but one of the options'
// threads wins over one of one thread, wherever it is. Within a place that processor's own goes
// before another's, then the newest. Throws RecordError.
Records load_records(const Board &board, const RecordOptions &options = {});

// Takes the records out of a place's list that compiling ignores, and says why, a line a reason:
// another version of their template, none of this name, another Halide, an emulator. What the place
// has a better record for is not worth a line.
std::vector<std::string> take_out_ignored(std::vector<TunedRecord> &records,
                                          const std::string &place,
                                          const std::vector<const Template *> &templates);

}  // namespace convoy
