#include "tools/explain_layouts.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

namespace convoy {

namespace {

using nlohmann::json;

double us(double cycles, const Board &board) {
    return cycles / (board.clock_ghz * 1e3);
}

json to_json(const LayoutReport &report, const Board &board) {
    json rules = json::array(), choices = json::array(), reorders = json::array();
    for (const auto &rule : report.rules)
        rules.push_back({{"rule", rule.name}, {"us", us(rule.cycles, board)}});
    for (const auto &c : report.choices) {
        choices.push_back({{"value", c.value},
                           {"stored", to_string(c.stored)},
                           {"other", to_string(c.other)},
                           {"more_us", us(c.more_cycles, board)}});
    }
    for (const auto &r : report.reorders) {
        reorders.push_back({{"value", r.value},
                            {"stored", to_string(r.stored)},
                            {"read", to_string(r.read)},
                            {"us", us(r.cycles, board)}});
    }
    return {{"model", report.model},
            {"us", us(report.cycles, board)},
            {"rules", std::move(rules)},
            {"values", std::move(choices)},
            {"reorders", std::move(reorders)}};
}

int widest(const LayoutReport &report) {
    size_t width = 0;
    for (const auto &rule : report.rules) width = std::max(width, rule.name.size());
    for (const auto &c : report.choices) width = std::max(width, c.value.size());
    for (const auto &r : report.reorders) width = std::max(width, r.value.size());
    return (int)width;
}

void print(const LayoutReport &report, const Board &board) {
    const int width = widest(report);
    std::printf("%s\n\n%-*s %12s\n", report.model.c_str(), width, "layouts", "us");
    const auto row = [&](const std::string &name, double cycles) {
        std::printf("%-*s %12.1f", width, name.c_str(), us(cycles, board));
    };
    row("as assigned", report.cycles);
    std::printf("\n");
    for (const auto &rule : report.rules) {
        row(rule.name, rule.cycles);
        std::printf("  %.2fx\n", rule.cycles / report.cycles);
    }
    if (report.choices.empty()) return;
    std::printf("\n%-*s %-14s %-14s %12s\n", width, "value", "stored", "otherwise", "us more");
    for (const auto &c : report.choices) {
        std::printf("%-*s %-14s %-14s %12.1f\n", width, c.value.c_str(),
                    to_string(c.stored).c_str(), to_string(c.other).c_str(),
                    us(c.more_cycles, board));
    }
    if (report.reorders.empty()) return;
    std::printf("\n%-*s %-14s %-14s %12s\n", width, "value", "stored", "read", "us");
    for (const auto &r : report.reorders) {
        std::printf("%-*s %-14s %-14s %12.1f\n", width, r.value.c_str(),
                    to_string(r.stored).c_str(), to_string(r.read).c_str(), us(r.cycles, board));
    }
}

}  // namespace

void print_layouts(const std::vector<LayoutReport> &reports, const Board &board, bool as_json) {
    if (as_json) {
        json result = {{"board", board.name}, {"models", json::array()}};
        for (const LayoutReport &report : reports)
            result["models"].push_back(to_json(report, board));
        std::cout << result.dump(1) << "\n";
        return;
    }
    std::printf("board %s: %s\n\n", board.name.c_str(), board.description.c_str());
    for (const LayoutReport &report : reports) {
        if (&report != &reports.front()) std::printf("\n\n");
        print(report, board);
    }
    std::printf(
        "\nus: predicted, or a record's, of the whole network; otherwise: the layout that costs "
        "least if the value is not\nstored in its own, all other values stored as is then best\n");
}

}  // namespace convoy
