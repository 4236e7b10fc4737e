import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { SofimError } from "sofim/core";
import { z } from "zod";
import type { Protocol } from "./protocol.js";
import { parseRunLine, type RunLine } from "./run-line.js";

/** A results file that cannot be read or does not fit the protocol. */
export class ResultsFileError extends SofimError {
  override readonly name = "ResultsFileError";

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
  }
}

/** What a results file holds. */
export interface Results {
  readonly protocol: Protocol;
  readonly runs: readonly RunLine[];
  /** Bytes of whole lines; what follows was cut off while it was written. */
  readonly wholeBytes: number;
  readonly cutOff: boolean;
}

/**
 * Reads a results file: its first line is the protocol, every other one a run, each ended by a line feed. A last line
 * without one was cut off as it was written and is left out; `cutOff` says so.
 *
 * @throws ResultsFileError for a line that is not JSON or not a run, and for a run that stands there twice
 */
export function readResults(path: string): Results {
  const bytes = readBytes(path);
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, wholeBytes).toString("utf8").split("\n").slice(0, -1);
  const [first, ...rest] = lines.map((line, i) => parseLine(path, line, i + 1));
  if (first === undefined) throw new ResultsFileError(path, "has no whole line, want the protocol in line 1");
  const header = headerSchema.safeParse(first);
  if (!header.success) throw new ResultsFileError(path, "line 1 is not a protocol");
  const runs = rest.map((line, i) => readRun(path, line, i + 2));
  const ids = new Set<string>();
  for (const { id } of runs) {
    if (ids.has(id)) throw new ResultsFileError(path, `run ${id} stands there twice`);
    ids.add(id);
  }
  const protocol = header.data.protocol as unknown as Protocol;
  return { protocol, runs, wholeBytes, cutOff: wholeBytes < bytes.length };
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error)
      throw new ResultsFileError(path, `cannot be read (${error.code})`);
    throw error;
  }
}

const headerSchema = z.strictObject({
  kind: z.literal("protocol"),
  protocol: z.looseObject({ name: z.string(), workloads: z.array(z.looseObject({})) }),
});

function parseLine(path: string, line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new ResultsFileError(path, `line ${number} is not JSON: ${line.slice(0, 60)}`);
  }
}

function readRun(path: string, line: unknown, number: number): RunLine {
  try {
    return parseRunLine(line);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new ResultsFileError(path, `line ${number} is not a run: ${z.prettifyError(error)}`);
  }
}

/** A results file open for writing: every line is on disk when `append` returns. */
export class ResultsWriter {
  readonly #file: number;

  private constructor(path: string, length: number) {
    this.#file = openSync(path, length === 0 ? "w" : "r+");
    ftruncateSync(this.#file, length);
    this.#position = length;
  }

  #position: number;

  /** Starts a file with the protocol as its first line. */
  static create(path: string, protocol: Protocol): ResultsWriter {
    const writer = new ResultsWriter(path, 0);
    writer.#write({ kind: "protocol", protocol });
    return writer;
  }

  /** Goes on after the last whole line of a file that was read. */
  static goOn(path: string, { wholeBytes }: Results): ResultsWriter {
    return new ResultsWriter(path, wholeBytes);
  }

  append(run: RunLine): void {
    this.#write(run);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(line: unknown): void {
    this.#position += writeSync(this.#file, `${JSON.stringify(line)}\n`, this.#position);
    fsyncSync(this.#file);
  }
}
