import { CommanderError } from "commander";
import { SofimError } from "sofim/core";

const badInputExitCode = 2;
const failureExitCode = 1;

/**
 * Says on stderr what went wrong, in one message, and returns the exit code: 2 for bad input, 1 for what the system
 * refused (a full disk, say) and for anything unforeseen. With `debug` the stack follows.
 */
export function reportError(error: unknown, debug: boolean): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : badInputExitCode;
  const expected = error instanceof SofimError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`sofim: ${message}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  else if (!expected && !isSystemError(error)) {
    process.stderr.write("This should not happen. Run again with --debug to see where.\n");
  }
  return expected ? badInputExitCode : failureExitCode;
}

/** Whether the operating system refused a call, which says nothing against this program. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && "syscall" in error;
}
