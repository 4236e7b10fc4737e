import { SofimError } from "sofim/core";

/** A data file is missing or is not what its format says. */
export class DataError extends SofimError {
  override readonly name: string = "DataError";
}

/** No data file is where it should be. */
export class MissingDataError extends DataError {
  override readonly name = "MissingDataError";
}

/** What to throw where the system does not let something be done with a path, such as "cannot be read". */
export function systemFailure(path: string, problem: string, error: unknown): Error {
  if (error instanceof Error && "syscall" in error && "code" in error) {
    return new DataError(`${path}: ${problem} (${error.code})`);
  }
  return error as Error;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
