// heapdrift check: fails a pipeline for new leaks and broken budgets.
#include <memory>

#include "analyzer/commands/command.h"
#include "analyzer/commands/gate/gate.h"
#include "analyzer/commands/gate/gate_output.h"

namespace heapdrift::commands {

namespace {

struct Arguments {
    GateArguments gate;
    GateOutputs outputs;
};

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("check", "Fail for new leaks and broken budgets, for pipelines");
    add_gate_arguments(*command, arguments->gate);
    add_fail_on(*command, arguments->gate);
    add_gate_outputs(*command, arguments->outputs);
    command->footer(
        "Examples:\n"
        "  heapdrift check -- ./unit_tests\n"
        "  heapdrift check --sarif leaks.sarif --junit leaks.xml -- ctest\n"
        "  heapdrift check --budget peak=200MiB --budget leaked=0 -- ./unit_tests\n"
        "  heapdrift check --runs 5 -- ./benchmark\n"
        "  heapdrift check *.heapdrift\n"
        "\n"
        "A leak is what a scan at exit finds lost, and what grows without end beyond doubt.\n"
        "Those in the baseline are known; heapdrift baseline update accepts new ones.\n"
        "\n"
        "Exit code: 0 when nothing is wrong, 23 for leaks, 24 for budgets alone. The\n"
        "program's own when it failed, whatever it leaks; 125, 126 or 127 when it did not\n"
        "start. 1 when something could not be judged at all, 2 for a mistake on the command\n"
        "line, in the settings or in the baseline.");
    command->callback([arguments, &exit_code] {
        complete_gate_arguments(arguments->gate);
        const Gate gate = judge_sources(arguments->gate, settings_of(arguments->gate));
        write_gate_outputs(arguments->outputs, gate.document);
        exit_code = gate.document.exit_code;
    });
}

}  // namespace heapdrift::commands
