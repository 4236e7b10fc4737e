import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { list, type ReadEntry } from "tar";
import { DataError, messageOf, systemFailure } from "./errors.js";
import { gzipError } from "./idx.js";
import { firstExisting } from "./paths.js";

export type CifarDatasetName = "cifar10" | "cifar100";

export interface CifarLayout {
  readonly archive: string;
  /** Folder that the archive unpacks to. */
  readonly folder: string;
  readonly trainFiles: readonly string[];
  readonly testFiles: readonly string[];
  /** Number of classes of each label byte that starts a record; the last byte is the label used. */
  readonly labelClasses: readonly number[];
}

export const CIFAR_LAYOUTS: Readonly<Record<CifarDatasetName, CifarLayout>> = {
  cifar10: {
    archive: "cifar-10-binary.tar.gz",
    folder: "cifar-10-batches-bin",
    trainFiles: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
    testFiles: ["test_batch.bin"],
    labelClasses: [10],
  },
  cifar100: {
    archive: "cifar-100-binary.tar.gz",
    folder: "cifar-100-binary",
    trainFiles: ["train.bin"],
    testFiles: ["test.bin"],
    labelClasses: [20, 100],
  },
};

/** No file of either set is larger than 154 MB; an archive that claims more is not one of theirs. */
const MAX_FILE_BYTES = 200_000_000;

/** The record files by name, with the path they came from: the archive, or the folder it unpacks to. */
export interface CifarFiles {
  readonly source: string;
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** Where the data is: `DIR/NAME/ARCHIVE` if there, else `DIR/NAME/FOLDER`. */
export function locateCifar(name: CifarDatasetName, dataDir: string): string {
  const { archive, folder } = CIFAR_LAYOUTS[name];
  return firstExisting(name, dataDir, [join(dataDir, name, archive), join(dataDir, name, folder)]);
}

/** Reads all record files of a set, from its archive or its folder. */
export async function readCifarFiles(name: CifarDatasetName, dataDir: string): Promise<CifarFiles> {
  const layout = CIFAR_LAYOUTS[name];
  const wanted = [...layout.trainFiles, ...layout.testFiles];
  const source = locateCifar(name, dataDir);
  const contents = source.endsWith(".tar.gz")
    ? await readArchive(source, wanted)
    : await readFolder(source, wanted);
  const missing = wanted.filter((file) => !contents.has(file));
  if (missing.length > 0) {
    const found = contents.size > 0 ? [...contents.keys()].join(", ") : "none of the record files";
    throw new DataError(`${source}: got ${found}, want also ${missing.join(", ")}`);
  }
  return { source, contents };
}

async function readFolder(folder: string, wanted: readonly string[]): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const file of wanted) {
    const path = join(folder, file);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw systemFailure(path, "cannot be read", error);
    });
    if (bytes !== undefined) contents.set(file, bytes);
  }
  return contents;
}

async function readArchive(path: string, wanted: readonly string[]): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  // Only these files are unpacked, and only to memory; an entry that claims to be larger is passed over, to be
  // reported as missing: an error thrown from here would escape the parser's promise.
  const filter = (entryPath: string, entry: { readonly size?: number }): boolean =>
    wanted.includes(basename(entryPath)) && (entry.size ?? 0) <= MAX_FILE_BYTES;
  const onReadEntry = (entry: ReadEntry): void => {
    const bytes = new Uint8Array(entry.size);
    let filled = 0;
    entry.on("data", (chunk: Buffer) => {
      bytes.set(chunk, filled);
      filled += chunk.length;
    });
    entry.on("end", () => contents.set(basename(entry.path), bytes));
  };
  try {
    await list({ file: path, strict: true, filter, onReadEntry });
  } catch (error) {
    throw await archiveFailure(path, error);
  }
  return contents;
}

async function archiveFailure(path: string, error: unknown): Promise<Error> {
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith("Z_")) return gzipError(basename(path), (await stat(path)).size, error);
  if (code?.startsWith("TAR_")) {
    return new DataError(
      `${basename(path)}: got something else (${messageOf(error)}), want a tar archive, gzip`,
    );
  }
  return systemFailure(path, "cannot be read", error);
}
