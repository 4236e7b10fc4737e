import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256File } from "./checksum.js";
import type { DatasetName } from "./dataset.js";
import { DataError, systemFailure } from "./errors.js";
import { defaultDataDir } from "./paths.js";
import { SOURCES, type SourceFile } from "./sources.js";
import { MirrorError, sizeOf, type TransferOptions, transfer } from "./transfer.js";

export interface DownloadOptions extends Omit<TransferOptions, "onProgress"> {
  /** Told how many bytes of which file are here. */
  readonly onProgress?: (file: SourceFile, received: number) => void;
}

export interface Download {
  readonly path: string;
  readonly bytes: number;
  /** `present` if the official file was there already. */
  readonly outcome: "downloaded" | "present";
}

/**
 * Downloads a data set's official files to `DIR/NAME`.
 *
 * Mirrors are tried in turn. What arrives is kept in `FILE.part`, continued by later tries and later calls, and
 * takes the file's name only after its SHA-256 has been found to be the official one.
 *
 * @param name - the data set; `glyphs` has no files
 * @param dataDir - the data folder, made if it is not there
 * @returns what was done for each file
 * @throws DataError if the folder cannot be made, or no mirror delivers a file, with what each of them did
 */
export function downloadDataset(
  name: DatasetName,
  dataDir: string = defaultDataDir(),
  options: DownloadOptions = {},
): Promise<Download[]> {
  return downloadFiles(SOURCES[name].files, join(dataDir, name), options);
}

/** Downloads files to a folder, one after the other. */
export async function downloadFiles(
  files: readonly SourceFile[],
  folder: string,
  options: DownloadOptions = {},
): Promise<Download[]> {
  const downloads: Download[] = [];
  for (const file of files) downloads.push(await downloadFile(file, folder, options));
  return downloads;
}

async function downloadFile(file: SourceFile, folder: string, options: DownloadOptions): Promise<Download> {
  const path = join(folder, file.name);
  if ((await sizeOf(path)) === file.bytes && (await sha256File(path)) === file.sha256) {
    return { path, bytes: file.bytes, outcome: "present" };
  }
  // Before a mirror is asked: what is wrong with the folder should not be laid to the network.
  await makeFolder(folder);
  const part = `${path}.part`;
  const failures: string[] = [];
  for (const url of file.mirrors) {
    try {
      await fetchVerified(url, part, file, options);
      await rename(part, path);
      return { path, bytes: file.bytes, outcome: "downloaded" };
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      failures.push(`\n  ${url} ${error.message}`);
    }
  }
  throw new DataError(`${file.name}: could not be downloaded from any of its mirrors:${failures.join("")}`);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw systemFailure(folder, "cannot be made", error);
  }
}

/** Completes `part` from one mirror and checks it; a part that cannot become the file is removed. */
async function fetchVerified(
  url: string,
  part: string,
  file: SourceFile,
  options: DownloadOptions,
): Promise<void> {
  const { onProgress, ...rest } = options;
  const progress = onProgress && { onProgress: (received: number) => onProgress(file, received) };
  for (;;) {
    if ((await sizeOf(part)) > file.bytes) await rm(part);
    const begun = (await sizeOf(part)) > 0;
    if ((await sizeOf(part)) < file.bytes) await transfer(url, part, file, { ...rest, ...progress });
    const actual = await sha256File(part);
    if (actual === file.sha256) return;
    await rm(part);
    // What was there before may be at fault and not this mirror: it gets one try from the start.
    if (!begun) throw new MirrorError(`sends a file with SHA-256 ${actual}, want ${file.sha256}`);
  }
}
