#include "generators/activation_cost.h"

#include "generators/stages.h"

namespace convoy {

using namespace Halide;
using namespace Halide::Internal;

namespace {

// What a divider or a root takes, in the instructions that start meanwhile.
constexpr int division = 8;

class Instructions : public IRGraphVisitor {
public:
    int count = 0;

protected:
    using IRGraphVisitor::visit;

    template<typename T>
    void sum(const T *op) {
        // One of two products joins its sum in a multiply-add.
        count += op->a.template as<Mul>() || op->b.template as<Mul>() ? 0 : 1;
        IRGraphVisitor::visit(op);
    }
    template<typename T>
    void one(const T *op, int instructions = 1) {
        count += instructions;
        IRGraphVisitor::visit(op);
    }

    void visit(const Add *op) override { sum(op); }
    void visit(const Sub *op) override { sum(op); }
    void visit(const Mul *op) override { one(op); }
    void visit(const Div *op) override { one(op, division); }
    void visit(const Min *op) override { one(op); }
    void visit(const Max *op) override { one(op); }
    void visit(const LT *op) override { one(op); }
    void visit(const GT *op) override { one(op); }
    void visit(const EQ *op) override { one(op); }
    void visit(const Select *op) override { one(op); }
    void visit(const Cast *op) override { one(op); }
    void visit(const Call *op) override { one(op, op->name.starts_with("sqrt") ? division : 1); }
};

}  // namespace

int activation_instructions(const Activation &activation) {
    Instructions instructions;
    activate(Variable::make(Float(32), "x"), activation).accept(&instructions);
    return instructions.count;
}

}  // namespace convoy
