import { SofimError } from "sofim/core";
import { messageOf } from "../data/errors.js";
import { RunPerformer } from "./perform-run.js";
import type { RunSpec } from "./plan.js";

/*
 * The process of one job: is sent runs, sends back their lines, and ends when the process that started it is gone. A
 * process of its own, as the engine computes on the calling thread and CPU time is counted by the process.
 */

const performer = new RunPerformer(process.argv[2]);

process.on("message", (spec: RunSpec) => {
  void performer.perform(spec).then((line) => process.send?.(line));
});
process.on("disconnect", () => process.exit());
// A terminal sends Ctrl-C to this process too; the starter ends it in good order.
process.on("SIGINT", () => {});
// What goes wrong in a run ends the process; the starter tells which run it was. A stack would hide what our own
// errors say, of damaged data above all.
process.on("unhandledRejection", (error) => {
  const unforeseen = error instanceof Error && !(error instanceof SofimError);
  process.stderr.write(`${unforeseen ? error.stack : messageOf(error)}\n`);
  process.exit(1);
});
