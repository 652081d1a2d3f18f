#include "tests/compiler/bad_model.h"

#include <gtest/gtest.h>

#include "compiler/onnx/import.h"

namespace convoy {

void PrintTo(const BadModel &model, std::ostream *stream) {
    *stream << model.name;
}

OnnxMaker good_model() {
    OnnxMaker make;
    make.input("x", {1, 4, 6, 6});
    make.weights("w", {8, 2, 3, 3});
    auto &conv = make.node("Conv", "x w", "y");
    conv.set_name("conv");
    set_int(conv, "group", 2);
    make.output("y");
    return make;
}

void expect_refused(const BadModel &model) {
    OnnxMaker make = model.is_from_good ? good_model() : OnnxMaker();
    model.make(make);
    const std::filesystem::path file = test_folder() / "bad.onnx";
    write_file(file, make.model.SerializeAsString());
    std::string line;
    try {
        import_onnx(file);
        FAIL() << "the model was accepted";
    } catch (const ImportError &error) {
        line = error.what();
    }
    EXPECT_EQ(line.find(file.string() + ": "), 0u) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    for (const std::string &part : model.parts) {
        EXPECT_NE(line.find(part), std::string::npos) << "no '" << part << "' in: " << line;
    }
}

}  // namespace convoy
