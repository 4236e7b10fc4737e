import { SofimError } from "sofim/core";

/** A data file is missing or is not what its format says. */
export class DataError extends SofimError {
  override readonly name: string = "DataError";
}

/** No data file is where it should be. */
export class MissingDataError extends DataError {
  override readonly name = "MissingDataError";
}

/** What to throw for a data file that is there and that the system does not let be read. */
export function readFailure(path: string, error: unknown): Error {
  if (error instanceof Error && "syscall" in error && "code" in error) {
    return new DataError(`${path}: cannot be read (${error.code})`);
  }
  return error as Error;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
