#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/compiler/onnx_maker.h"

namespace convoy {

// A model that import_onnx must refuse.
struct BadModel {
    const char *name;
    std::function<void(OnnxMaker &)> make;  // from good_model(), or from nothing
    std::vector<std::string> parts;         // of the error
    bool is_from_good = true;
};

void PrintTo(const BadModel &model, std::ostream *stream);

// A convolution 'conv' of x (1, 4, 6, 6) to y by w (8, 2, 3, 3) in 2 groups.
OnnxMaker good_model();

// Imports the model and expects one line that begins with the file and holds every part.
void expect_refused(const BadModel &model);

}  // namespace convoy
