#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>

#include "schedules/record_file.h"
#include "schedules/record_store.h"
#include "schedules/records.h"
#include "schedules/template.h"
#include "tools/command.h"

namespace convoy {

namespace {

namespace fs = std::filesystem;
using Row = std::vector<std::string>;

struct Options {
    fs::path database = user_record_store();
    std::vector<fs::path> files;
    fs::path output;
    std::string board, kernel;
    bool json = false;
};

std::string fixed(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string date(int64_t at) {
    const std::time_t time = at;
    std::tm utc{};
    char text[64];
    if (!gmtime_r(&time, &utc) || !std::strftime(text, sizeof text, "%F", &utc)) return "-";
    return text;
}

Row row_of(const TunedRecord &r) {
    return {fixed(r.time_us, 1),
            r.default_us > 0 ? fixed(r.default_us / r.time_us, 2) + "x" : "-",
            std::to_string(r.threads),
            r.board,
            r.cpu,
            r.at > 0 ? date(r.at) : "-",
            r.kernel,
            to_string(r.schedule)};
}

// Columns as wide as what is in them; the first ones, numbers, to the right.
void print_table(const std::vector<Row> &rows) {
    constexpr size_t numbers = 3;
    std::vector<size_t> widths(rows.front().size());
    for (const Row &row : rows)
        for (size_t c = 0; c < row.size(); c++) widths[c] = std::max(widths[c], row[c].size());
    for (const Row &row : rows) {
        std::string line;
        for (size_t c = 0; c < row.size(); c++) {
            const std::string space(widths[c] - row[c].size(), ' ');
            line += c < numbers ? space + row[c] : row[c] + space;
            if (c + 1 < row.size()) line += "  ";
        }
        std::printf("%s\n", line.substr(0, line.find_last_not_of(' ') + 1).c_str());
    }
}

std::string name_of(const Options &options) {
    return options.files.empty() ? options.database.filename().string()
                                 : options.files.front().string();
}

// Of the file that is named or of the database, those that the filters leave.
std::vector<TunedRecord> selected(const Options &options) {
    std::vector<TunedRecord> records =
        options.files.empty() ? RecordStore(options.database, RecordStore::Access::read).records()
                              : read_record_file(options.files.front());
    std::erase_if(records, [&](const TunedRecord &r) {
        return (!options.board.empty() && r.board != options.board) ||
               r.kernel.find(options.kernel) == std::string::npos;
    });
    return records;
}

void show(const Options &options) {
    std::vector<TunedRecord> records = selected(options);
    if (options.json) {
        std::printf("%s", record_file_text(std::move(records)).c_str());
        return;
    }
    std::vector<Row> rows = {
        {"us", "gain", "threads", "board", "cpu", "date", "kernel", "schedule"}};
    for (const TunedRecord &record : records) rows.push_back(row_of(record));
    print_table(rows);
    const auto ignored = take_out_ignored(records, name_of(options), all_templates());
    if (!ignored.empty()) std::printf("\n");
    for (const std::string &line : ignored) std::printf("%s\n", line.c_str());
}

void export_records(const Options &options) {
    const std::vector<TunedRecord> records = selected(options);
    if (records.empty())
        throw RecordError(options.database.string() + ": has no record" +
                          (options.board.empty() ? "" : " of board '" + options.board + "'") +
                          ", expected some to export");
    write_record_file(options.output, records);
    std::printf("%zu records written\n", records.size());
}

void import_records(const Options &options) {
    std::vector<TunedRecord> all;
    for (const fs::path &file : options.files) {
        const std::vector<TunedRecord> records = read_record_file(file);
        all.insert(all.end(), records.begin(), records.end());
    }
    const MergeCounts counts = RecordStore(options.database).merge(all);
    std::printf("%d new, %d replaced, %d kept because the database's own is as good\n",
                counts.added, counts.replaced, counts.kept);
}

void merge_files(const Options &options) {
    std::vector<TunedRecord> merged;
    size_t read = 0;
    for (const fs::path &file : options.files) {
        const std::vector<TunedRecord> records = read_record_file(file);
        read += records.size();
        merged = merge_records(std::move(merged), records);
    }
    write_record_file(options.output, merged);
    std::printf("%zu records written, of %zu\n", merged.size(), read);
}

}  // namespace

void add_records_command(CLI::App &app) {
    CLI::App *command = app.add_subcommand(
        "records", "Show the schedules that tuning found, and carry them between machines");
    command->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    const auto add = [&](const char *name, const char *about, void (*run)(const Options &)) {
        CLI::App *sub = command->add_subcommand(name, about);
        sub->callback([options, run] { run(*options); });
        return sub;
    };
    const auto add_database = [&](CLI::App *sub) {
        sub->add_option("--db", options->database, "The tuning database [the user's]");
    };
    const auto add_board = [&](CLI::App *sub) {
        sub->add_option("--board", options->board, "Only those of this board");
    };
    const auto add_output = [&](CLI::App *sub) {
        sub->add_option("-o,--output", options->output, "The file to write")->required();
    };

    CLI::App *shown = add("show", "A table of the database's records, or of a file's", show);
    shown->add_option("FILE", options->files, "a file of records")->expected(0, 1);
    add_database(shown);
    add_board(shown);
    shown->add_option("--kernel", options->kernel, "Only those whose kernel has this text");
    shown->add_flag("--json", options->json, "As a file of records");

    CLI::App *exported = add("export", "Write the database's records to a file", export_records);
    add_output(exported);
    add_database(exported);
    add_board(exported);

    CLI::App *imported = add("import", "Put records of files into the database", import_records);
    imported->add_option("FILE", options->files, "files of records")->required();
    add_database(imported);
    imported->footer(
        "The database's own record stays unless the file's is better: the faster one "
        "is, and before that one of\na template version that this Convoy has, and of "
        "the newer version. Nothing is imported when a file is damaged.");

    CLI::App *merged = add("merge", "Make one file of several, of the better records", merge_files);
    merged->add_option("FILE", options->files, "files of records")->required();
    add_output(merged);

    command->footer(
        "The user's database is $CONVOY_RECORDS_DB, else "
        "$XDG_DATA_HOME/convoy/records.sqlite, else\n"
        "~/.local/share/convoy/records.sqlite. 'convoy compile' takes its records; "
        "gain: against the untuned default.");
}

}  // namespace convoy
