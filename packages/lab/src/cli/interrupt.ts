/** Exit code of a command that Ctrl-C ended, as shells report it. */
export const interruptedExitCode = 130;

/**
 * Runs `work` with a signal that the first Ctrl-C aborts, so that it can end in good order. A second
 * Ctrl-C ends the process at once.
 */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  // Once: the second signal then meets Node's default, which is to end.
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
  }
}
