import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import { CIFAR_LAYOUTS, type CifarDatasetName, locateCifar } from "./cifar-files.js";
import type { DatasetName } from "./dataset.js";
import { systemFailure } from "./errors.js";
import { locateIdxFile } from "./mnist.js";
import { defaultDataDir } from "./paths.js";
import { SOURCES } from "./sources.js";

/**
 * Checks that all files of a data set are there and can be read, which takes no time: what they hold is for
 * `loadDataset` to say.
 *
 * @param name - the data set; `glyphs` has no files
 * @param dataDir - the data folder
 * @throws MissingDataError if a file is missing, with the command that gets it; DataError if one cannot be read
 */
export async function checkDataset(name: DatasetName, dataDir: string = defaultDataDir()): Promise<void> {
  for (const path of locateFiles(name, dataDir)) await readFirstByte(path);
}

function locateFiles(name: DatasetName, dataDir: string): readonly string[] {
  switch (name) {
    case "glyphs":
      return [];
    case "mnist":
    case "fashion-mnist":
      return SOURCES[name].files.map((file) => locateIdxFile(name, dataDir, basename(file.name, ".gz")));
    case "cifar10":
    case "cifar100":
      return locateCifarFiles(name, dataDir);
  }
}

/** The archive, or every record file of the folder that it unpacks to. */
function locateCifarFiles(name: CifarDatasetName, dataDir: string): readonly string[] {
  const { archive, trainFiles, testFiles } = CIFAR_LAYOUTS[name];
  const source = locateCifar(name, dataDir);
  if (basename(source) === archive) return [source];
  return [...trainFiles, ...testFiles].map((file) => join(source, file));
}

/** A folder in a file's place opens, and fails only here. */
async function readFirstByte(path: string): Promise<void> {
  try {
    const file = await open(path);
    await file.read(new Uint8Array(1)).finally(() => file.close());
  } catch (error) {
    throw systemFailure(path, "cannot be read", error);
  }
}
