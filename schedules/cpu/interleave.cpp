#include "schedules/cpu/interleave.h"

namespace convoy::cpu {

using namespace Halide;
using namespace Halide::Internal;

namespace {

constexpr int side = 4;           // of a square
constexpr int stored = 2 * side;  // floats

// Floats begin .. begin + 4 of a vector: loaded by themselves where it is loaded.
Expr quad(const Expr &vector, int begin) {
    const auto *load = vector.as<Load>();
    const auto *ramp = load ? load->index.as<Ramp>() : nullptr;
    if (!ramp || !is_const_one(ramp->stride) || !is_const_one(load->predicate))
        return Shuffle::make_slice(vector, begin, 1, side);
    return Load::make(Float(32, side), load->name, Ramp::make(ramp->base + begin, 1, side),
                      load->image, load->param, const_true(side), ModulusRemainder());
}

class InterleaveInSquares : public IRMutator {
    using IRMutator::visit;

    Stmt visit(const Store *op) override {
        const auto *interleaved = op->value.as<Shuffle>();
        const auto *ramp = op->index.as<Ramp>();
        if (!interleaved || !interleaved->is_interleave() || !ramp || !is_const_one(ramp->stride) ||
            !is_const_one(op->predicate) || op->value.type().element_of() != Float(32))
            return IRMutator::visit(op);
        const std::vector<Expr> &vectors = interleaved->vectors;
        const int count = (int)vectors.size(), lanes = vectors[0].type().lanes();
        if (count % stored != 0 || lanes % side != 0) return IRMutator::visit(op);

        lets_.clear();
        std::vector<Expr> sources;
        for (const Expr &v : vectors) sources.push_back(v.as<Load>() ? v : named(v));
        std::vector<Stmt> squares;
        const size_t shared = lets_.size();
        for (int first = 0; first < count; first += stored) {
            for (int lane = 0; lane < lanes; lane += side) {
                const std::vector<Expr> columns = transposed(&sources[first], lane);
                std::vector<Stmt> stores;
                for (int i = 0; i < side; i++) {
                    const Expr at = ramp->base + ((lane + i) * count + first);
                    stores.push_back(Store::make(op->name, columns[i], Ramp::make(at, 1, stored),
                                                 op->param, const_true(stored),
                                                 ModulusRemainder()));
                }
                squares.push_back(with_lets(Block::make(stores), shared));
            }
        }
        return with_lets(Block::make(squares), 0);
    }

    // Odd floats, which Halide takes from a vector that begins with the first of them.
    Expr visit(const Shuffle *op) override {
        const auto *load = op->vectors[0].as<Load>();
        const auto *ramp = load ? load->index.as<Ramp>() : nullptr;
        const int64_t base = ramp ? as_const_int(ramp->base).value_or(-1) : -1;
        if (!op->is_slice() || op->slice_stride() != 2 || op->slice_begin() != 0 || base < 0 ||
            base % 2 == 0 || !is_const_one(ramp->stride) || !is_const_one(load->predicate))
            return IRMutator::visit(op);
        const Expr whole =
            Load::make(load->type, load->name, Ramp::make((int)base - 1, 1, ramp->lanes),
                       load->image, load->param, load->predicate, ModulusRemainder());
        return Shuffle::make_slice(whole, 1, 2, op->type.lanes());
    }

    // Floats lane .. lane + 4 of 8 vectors: vector i of the result has the i-th of them all.
    std::vector<Expr> transposed(const Expr *vectors, int lane) {
        std::vector<Expr> rows, pairs, columns;
        for (int i = 0; i < side; i++)
            rows.push_back(named(
                Shuffle::make_concat({quad(vectors[i], lane), quad(vectors[side + i], lane)})));
        for (int i = 0; i < side; i += 2) {
            for (const std::vector<int> &low_or_high :
                 {std::vector{0, 8, 1, 9, 4, 12, 5, 13}, {2, 10, 3, 11, 6, 14, 7, 15}})
                pairs.push_back(named(Shuffle::make({rows[i], rows[i + 1]}, low_or_high)));
        }
        for (int i = 0; i < side; i++) {
            const std::vector<int> low = {0, 1, 8, 9, 4, 5, 12, 13},
                                   high = {2, 3, 10, 11, 6, 7, 14, 15};
            columns.push_back(
                Shuffle::make({pairs[i / 2], pairs[2 + i / 2]}, i % 2 == 0 ? low : high));
        }
        return columns;
    }

    Expr named(const Expr &value) {
        lets_.emplace_back(unique_name("square"), value);
        return Variable::make(value.type(), lets_.back().first);
    }

    // Defines around `s` what was named since there were `from` names.
    Stmt with_lets(Stmt s, size_t from) {
        for (; lets_.size() > from; lets_.pop_back())
            s = LetStmt::make(lets_.back().first, lets_.back().second, s);
        return s;
    }

    std::vector<std::pair<std::string, Expr>> lets_;
};

}  // namespace

void interleave_in_squares(Func &f) {
    f.add_custom_lowering_pass(new InterleaveInSquares);
}

}  // namespace convoy::cpu
