import { SofimError } from "sofim/core";

/** A data file is missing or is not what its format says. */
export class DataError extends SofimError {
  override readonly name: string = "DataError";
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
