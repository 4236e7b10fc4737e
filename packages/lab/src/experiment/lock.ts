import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { InvalidArgumentError } from "sofim/core";

/**
 * Takes the lock file at `path` for this process, or throws if a living process holds it. A lock whose process is gone
 * (killed, say) is taken over.
 *
 * @returns a function that gives the lock back
 */
export function takeLock(path: string, argument: string): () => void {
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = Number(readFileSync(path, "utf8"));
    if (isAlive(holder)) {
      throw new InvalidArgumentError(
        argument,
        path,
        `a folder that no other run uses; process ${holder} does`,
      );
    }
    rmSync(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process cannot be signalled, but is there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
