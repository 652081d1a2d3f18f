#include "schedules/tuned_record.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "schedules/template.h"

namespace convoy {

namespace {

template<typename T>
std::string expected(const char *key, const T &found, const char *what) {
    std::ostringstream text;
    text << '"' << key << "\" is " << found << ", expected " << what;
    return text.str();
}

}  // namespace

std::string problem_of(const TunedRecord &r) {
    const std::pair<const char *, const std::string *> texts[] = {
        {"kernel", &r.kernel},
        {"board", &r.board},
        {"cpu", &r.cpu},
        {"halide", &r.halide},
        {"template", &r.schedule.template_name}};
    for (const auto &[key, text] : texts)
        if (text->empty()) return expected(key, "empty", "a text");
    if (r.threads < 1) return expected("threads", r.threads, "1 or more");
    if (r.template_version < 1) return expected("version", r.template_version, "1 or more");
    if (!std::isfinite(r.time_us) || r.time_us <= 0)
        return expected("time_us", r.time_us, "more than 0");
    if (!std::isfinite(r.default_us) || r.default_us < 0)
        return expected("default_us", r.default_us, "0 or more");
    if (!std::isfinite(r.predicted_us) || r.predicted_us < 0)
        return expected("predicted_us", r.predicted_us, "0 or more");
    if (r.measurements < 0) return expected("measurements", r.measurements, "0 or more");
    if (r.at < 0) return expected("at", r.at, "seconds since 1970");
    return "";
}

bool beats(const TunedRecord &a, const TunedRecord &b) {
    const auto is_known = [](const TunedRecord &r) {
        return is_template(r.schedule.template_name, r.template_version);
    };
    if (is_known(a) != is_known(b)) return is_known(a);
    if (a.schedule.template_name == b.schedule.template_name &&
        a.template_version != b.template_version)
        return a.template_version > b.template_version;
    return a.time_us < b.time_us;
}

std::vector<TunedRecord> merge_records(std::vector<TunedRecord> records,
                                       const std::vector<TunedRecord> &others) {
    for (const TunedRecord &other : others) {
        const auto same = std::find_if(records.begin(), records.end(),
                                       [&](const auto &r) { return key(r) == key(other); });
        if (same == records.end()) {
            records.push_back(other);
        } else if (beats(other, *same)) {
            *same = other;
        }
    }
    return records;
}

std::string halide_version() {
    return HALIDE_VERSION;
}

}  // namespace convoy
