import { open, stat } from "node:fs/promises";
import { messageOf } from "./errors.js";
import type { SourceFile } from "./sources.js";

export interface TransferOptions {
  /** Told how many of the file's bytes are here. */
  readonly onProgress?: (received: number) => void;
  /** Ends the transfer; what has arrived stays, to be continued later. */
  readonly signal?: AbortSignal;
  /** A mirror that sends nothing for this long, in milliseconds, has failed. Default 30,000. */
  readonly stallTimeout?: number;
}

/** A mirror did not deliver; the next one may. */
export class MirrorError extends Error {
  override readonly name: string = "MirrorError";
}

/** Size of a file in bytes, 0 if there is none. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return 0;
    throw error;
  }
}

/**
 * Brings the partial file at `part`, in a folder that is there, to its full length from one mirror, continuing where
 * it ends if the mirror can. Nothing is checked but the length.
 *
 * @throws MirrorError if the mirror fails; other errors (the disk's, the signal's) as they are
 */
export async function transfer(
  url: string,
  part: string,
  file: SourceFile,
  options: TransferOptions = {},
): Promise<void> {
  const { onProgress, signal, stallTimeout = 30_000 } = options;
  const stall = new StallGuard(stallTimeout, signal);
  const ask = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : (stall.failure ?? new MirrorError(causeOf(error)));
    });
  try {
    const have = await sizeOf(part);
    const response = await ask(request(url, have, stall.signal));
    const offset = startOffset(response, have, file);
    // "a" continues the partial file, "w" starts it afresh.
    const target = await open(part, offset > 0 ? "a" : "w");
    try {
      const reader = response.body!.getReader();
      let received = offset;
      for (;;) {
        stall.restart();
        const { done, value } = await ask(reader.read());
        if (done) break;
        received += value.length;
        if (received > file.bytes)
          throw new MirrorError(`sends more than the ${file.bytes} bytes of the file`);
        await target.writeFile(value);
        onProgress?.(received);
      }
      if (received < file.bytes) throw new MirrorError(`stopped after ${received} of ${file.bytes} bytes`);
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    stall.end();
  }
}

function request(url: string, have: number, signal: AbortSignal): Promise<Response> {
  // Any other encoding would make the lengths and the range those of the encoded form.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (have > 0) headers.range = `bytes=${have}-`;
  return fetch(url, { headers, signal });
}

/** Where in the file the response starts; throws before anything is written if it cannot be the file. */
function startOffset(response: Response, have: number, file: SourceFile): number {
  if (response.status !== 200 && response.status !== 206) {
    throw new MirrorError(`answers HTTP ${response.status} ${response.statusText}`.trimEnd());
  }
  const offset = response.status === 206 ? have : 0;
  const range = response.headers.get("content-range");
  if (response.status === 206 && !range?.startsWith(`bytes ${have}-`)) {
    throw new MirrorError(`answers with the range "${range}", want bytes from ${have}`);
  }
  const length = response.headers.get("content-length");
  if (length !== null && offset + Number(length) !== file.bytes) {
    throw new MirrorError(`offers ${offset + Number(length)} bytes, want ${file.bytes}`);
  }
  return offset;
}

/** fetch wraps the reason in "fetch failed" or "terminated"; the reason says more. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause ?? error);
}

/** Aborts a transfer that stands still, or whose caller wants it ended. */
class StallGuard {
  readonly #controller = new AbortController();
  readonly #abort = (): void => this.#controller.abort();
  #timer: NodeJS.Timeout;
  failure: MirrorError | undefined;

  constructor(
    readonly timeout: number,
    readonly outer: AbortSignal | undefined,
  ) {
    outer?.throwIfAborted();
    outer?.addEventListener("abort", this.#abort);
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.outer?.removeEventListener("abort", this.#abort);
    // Frees the connection where the response was not read to its end.
    this.#abort();
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.failure = new MirrorError(`sent nothing for ${this.timeout / 1000} s`);
      this.#abort();
    }, this.timeout);
  }
}
