import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InvalidArgumentError } from "sofim/core";

/** Checks, before any work is done for it, that a file can be put at `path`. */
export async function checkOutputPath(flag: string, path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const [target, parent] = await Promise.all([kindOf(path), kindOf(folder)]);
  if (target === "folder") throw new InvalidArgumentError(flag, path, "a file, and this is a folder");
  if (parent !== "folder") throw new InvalidArgumentError(flag, path, `a file in a folder that exists`);
}

/** Writes a whole file or nothing: readers see the old content until all of the new is on disk. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const target = resolve(path);
  await mkdir(dirname(target), { recursive: true });
  const partial = `${target}.${process.pid}.partial`;
  try {
    await writeFile(partial, content);
    await rename(partial, target);
  } finally {
    await rm(partial, { force: true });
  }
}

async function kindOf(path: string): Promise<"folder" | "file" | "nothing"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return "nothing";
  }
}
