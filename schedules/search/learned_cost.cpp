#include "schedules/search/learned_cost.h"

#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

namespace convoy {

namespace {

constexpr size_t least_rows = 12;
constexpr int rounds = 60;
constexpr float missing = std::numeric_limits<float>::quiet_NaN();

void check(int status) {
    if (status != 0) throw std::runtime_error(std::string("XGBoost: ") + XGBGetLastError());
}

// Rows by columns of numbers, as XGBoost keeps them.
struct Matrix {
    DMatrixHandle handle = nullptr;

    Matrix(const std::vector<float> &values, size_t rows, size_t columns) {
        check(XGDMatrixCreateFromMat(values.data(), rows, columns, missing, &handle));
    }
    ~Matrix() { XGDMatrixFree(handle); }
    Matrix(const Matrix &) = delete;
};

}  // namespace

struct LearnedCost::Booster {
    BoosterHandle handle = nullptr;
    explicit Booster(const Matrix &rows) { check(XGBoosterCreate(&rows.handle, 1, &handle)); }
    ~Booster() { XGBoosterFree(handle); }
    Booster(const Booster &) = delete;
};

LearnedCost::LearnedCost() = default;
LearnedCost::~LearnedCost() = default;

void LearnedCost::add(const Features &features, double log_ratio, double weight) {
    rows_.push_back({features, (float)log_ratio, (float)weight});
}

std::vector<float> LearnedCost::matrix(const std::vector<const Features *> &rows) const {
    std::vector<float> values(rows.size() * columns_.size(), missing);
    for (size_t r = 0; r < rows.size(); r++) {
        auto column = columns_.begin();
        // Both are in the order of names.
        for (const auto &[name, value] : *rows[r]) {
            while (column != columns_.end() && *column < name) ++column;
            if (column == columns_.end()) break;
            if (*column == name)
                values[r * columns_.size() + (size_t)(column - columns_.begin())] = (float)value;
        }
    }
    return values;
}

void LearnedCost::fit() {
    booster_.reset();
    if (rows_.size() < least_rows) return;
    std::set<std::string> names;
    std::vector<const Features *> features;
    std::vector<float> labels, weights;
    for (const Row &row : rows_) {
        for (const auto &[name, value] : row.features) names.insert(name);
        features.push_back(&row.features);
        labels.push_back(row.log_ratio);
        weights.push_back(row.weight);
    }
    columns_.assign(names.begin(), names.end());
    const Matrix rows(matrix(features), features.size(), columns_.size());
    check(XGDMatrixSetFloatInfo(rows.handle, "label", labels.data(), labels.size()));
    check(XGDMatrixSetFloatInfo(rows.handle, "weight", weights.data(), weights.size()));
    booster_ = std::make_unique<Booster>(rows);
    static constexpr const char *parameters[][2] = {{"objective", "reg:squarederror"},
                                                    {"tree_method", "hist"},
                                                    {"max_bin", "64"},
                                                    {"base_score", "0"},
                                                    {"eta", "0.15"},
                                                    {"max_depth", "6"},
                                                    {"min_child_weight", "2"},
                                                    {"lambda", "1"},
                                                    {"subsample", "1"},
                                                    {"nthread", "1"},
                                                    {"verbosity", "0"},
                                                    {"seed", "1"}};
    for (const auto &[name, value] : parameters)
        check(XGBoosterSetParam(booster_->handle, name, value));
    for (int round = 0; round < rounds; round++)
        check(XGBoosterUpdateOneIter(booster_->handle, round, rows.handle));
}

std::vector<double> LearnedCost::predict(const std::vector<Features> &rows) const {
    if (!booster_ || rows.empty()) return std::vector<double>(rows.size(), 0.0);
    std::vector<const Features *> pointers;
    for (const Features &row : rows) pointers.push_back(&row);
    const Matrix values(matrix(pointers), rows.size(), columns_.size());
    bst_ulong count = 0;
    const float *result = nullptr;
    check(XGBoosterPredict(booster_->handle, values.handle, 0, 0, 0, &count, &result));
    return std::vector<double>(result, result + count);
}

}  // namespace convoy
