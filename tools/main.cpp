#include <iostream>

#include "compiler/interrupt.h"
#include "tools/command.h"

namespace {

// One line, as every other error.
std::string usage_error(const CLI::App *app, const CLI::Error &error) {
    std::string text = error.what();
    if (app->get_subcommands().empty() && !app->remaining().empty())
        text = "no such command: " + app->remaining().front();
    return "convoy: " + text + " (see convoy --help)\n";
}

}  // namespace

int main(int argc, char **argv) {
    CLI::App app{
        "Convoy compiles convolutional networks ahead of time into libraries for a board.\n"
        "A model (ONNX) goes in; a library, a C and C++ header and a manifest come out."};
    app.set_version_flag("--version", CONVOY_VERSION);
    app.require_subcommand(1);
    app.failure_message(usage_error);
    convoy::add_compile_command(app);
    convoy::add_verify_command(app);
    convoy::add_bench_command(app);
    convoy::add_boards_command(app);
    convoy::add_analyze_command(app);
    convoy::add_explain_command(app);
    convoy::add_records_command(app);
    convoy::add_tune_command(app);
    convoy::note_interrupts();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return app.exit(error) == 0 ? 0 : 1;
    } catch (const convoy::Interrupted &interrupted) {
        std::cerr << "\nconvoy: " << interrupted.what() << "\n";
        return 130;
    } catch (const std::exception &error) {
        std::cerr << "convoy: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
