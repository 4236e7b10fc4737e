import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { DatasetName } from "./dataset.js";
import { MissingDataError } from "./errors.js";

/**
 * The folder that holds the data sets when none is named: SOFIM_DATA_DIR if set, else `sofim` in the user's
 * cache folder (XDG_CACHE_HOME, or `~/.cache`).
 */
export function defaultDataDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SOFIM_DATA_DIR) return resolve(env.SOFIM_DATA_DIR);
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "sofim");
}

/** The first path that exists, or an error that names all of them and the command that gets the file. */
export function firstExisting(name: DatasetName, dataDir: string, candidates: readonly string[]): string {
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new MissingDataError(
      `${name}: no data file at ${candidates.join(" or ")}; get it with: sofim data download ${name} --data-dir ${dataDir}`,
    );
  }
  return found;
}
