import { Command } from "commander";
import { registerBenchCommand } from "./bench.js";
import { registerDataCommand } from "./data.js";
import { registerDemoCommand } from "./demo.js";
import { reportError } from "./errors.js";
import { registerReportCommand } from "./report.js";
import { registerStudyCommand } from "./study.js";
import { registerTrainCommand } from "./train.js";

const program = new Command("sofim")
  .description("Train, measure and compare optimizers on small image workloads.")
  .option("--debug", "show the stack of an error")
  .showHelpAfterError("(run with --help for usage)")
  .exitOverride();
registerTrainCommand(program);
registerDemoCommand(program);
registerBenchCommand(program);
registerReportCommand(program);
registerDataCommand(program);
registerStudyCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, program.opts<{ debug?: boolean }>().debug ?? false);
}
