import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { InvalidArgumentError } from "sofim/core";

/**
 * Checks, before any work is done for it, that `writeWhole` can put a file at `path`.
 *
 * @param folder - whether the file's folder must be there, or is made with the file
 * @throws InvalidArgumentError
 */
export async function checkOutputPath(
  flag: string,
  path: string,
  folder: "is there" | "is made" = "is there",
): Promise<void> {
  const target = resolve(path);
  const kind = await kindOf(target);
  if (kind === "folder") throw new InvalidArgumentError(flag, path, "a file, and this is a folder");
  // A device or a pipe would not be written to but replaced.
  if (kind === "other") throw new InvalidArgumentError(flag, path, "a regular file, and this is none");
  const parent = dirname(target);
  if (folder === "is made") return checkFolder(flag, path, parent, basename(target));
  if ((await kindOf(parent)) !== "folder") {
    throw new InvalidArgumentError(flag, path, "a file in a folder that exists");
  }
  await tryFile(flag, path, target);
}

/**
 * Checks, before any work is done for it, that a folder is there or can be made, and takes files.
 *
 * @throws InvalidArgumentError
 */
export async function checkOutputFolder(flag: string, path: string): Promise<void> {
  await checkFolder(flag, path, resolve(path), "file");
}

async function checkFolder(flag: string, path: string, folder: string, file: string): Promise<void> {
  const existing = await nearestExisting(folder);
  if ((await kindOf(existing)) !== "folder") {
    throw new InvalidArgumentError(
      flag,
      path,
      `a path of folders that exist or can be made, and ${existing} is no folder`,
    );
  }
  await tryFile(flag, path, join(existing, file));
}

/** Permissions, file systems that are read-only and names that are too long all show only when a file is made. */
async function tryFile(flag: string, path: string, target: string): Promise<void> {
  const partial = partialOf(target);
  try {
    await writeFile(partial, "");
    await rm(partial);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new InvalidArgumentError(flag, path, `a place where files can be made (${error.code})`);
  }
}

/** Writes a whole file or nothing: readers see the old content until all of the new is on disk. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true });
  const partial = partialOf(target);
  try {
    await writeFile(partial, content);
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Where a file is written before it takes its name. */
function partialOf(target: string): string {
  return `${target}.${process.pid}.partial`;
}

async function nearestExisting(path: string): Promise<string> {
  return (await kindOf(path)) === "nothing" ? nearestExisting(dirname(path)) : path;
}

async function kindOf(path: string): Promise<"folder" | "file" | "other" | "nothing"> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return "folder";
    return found.isFile() ? "file" : "other";
  } catch {
    return "nothing";
  }
}
