import { basename, join } from "node:path";
import { sha256, sha256File } from "./checksum.js";
import { parseCifar } from "./cifar.js";
import { type CifarDatasetName, readCifarFiles } from "./cifar-files.js";
import type { DatasetName, ImageDataset, ImageSet } from "./dataset.js";
import { DataError } from "./errors.js";
import { drawGlyphs } from "./glyphs/glyphs.js";
import { readMaybeGzip } from "./idx.js";
import { type IdxDatasetName, loadIdxDataset, locateIdxFile } from "./mnist.js";
import { defaultDataDir } from "./paths.js";
import { SOURCES } from "./sources.js";

/**
 * What a checksum says of a file: `official` is the official file, byte for byte; `repacked` unpacks to the
 * official content; `unofficial` has other content; `unknown` is content whose official checksum is not on record.
 */
export type FileStatus = "official" | "repacked" | "unofficial" | "unknown";

export interface FileReport {
  readonly path: string;
  readonly status: FileStatus;
  readonly sha256: string;
  /** The official SHA-256, or null if none is on record. */
  readonly wanted: string | null;
}

export interface SplitReport {
  readonly count: number;
  /** Number of images of each class. */
  readonly perClass: readonly number[];
}

export interface VerifyReport {
  readonly name: DatasetName;
  readonly classNames: readonly string[];
  readonly files: readonly FileReport[];
  /** Whether all content is known to be the official content. */
  readonly official: boolean;
  readonly train: SplitReport;
  readonly test: SplitReport;
}

/**
 * Reads a whole data set and holds it against the official one.
 *
 * Content that parses and has the official number of records is usable, and reported, even if its checksum is not
 * the official one: a set may have been packed again, or its records put into another order.
 *
 * @param name - the data set
 * @param dataDir - the data folder
 * @returns the checksums' verdict per file, and the number of images per class
 * @throws DataError if a file is missing or does not parse, or the number of records is not the official one
 */
export async function verifyDataset(
  name: DatasetName,
  dataDir: string = defaultDataDir(),
): Promise<VerifyReport> {
  const { dataset, files } = await readAndHash(name, dataDir);
  const { trainCount, testCount } = SOURCES[name];
  checkCount(name, "training", dataset.train.count, trainCount);
  checkCount(name, "test", dataset.test.count, testCount);
  return {
    name,
    classNames: dataset.classNames,
    files,
    official: files.every(({ status }) => status === "official" || status === "repacked"),
    train: countClasses(dataset.train, dataset.classNames.length),
    test: countClasses(dataset.test, dataset.classNames.length),
  };
}

interface Hashed {
  readonly dataset: ImageDataset;
  readonly files: readonly FileReport[];
}

async function readAndHash(name: DatasetName, dataDir: string): Promise<Hashed> {
  switch (name) {
    case "glyphs":
      return { dataset: drawGlyphs(), files: [] };
    case "mnist":
    case "fashion-mnist":
      return {
        dataset: await loadIdxDataset(name, dataDir),
        files: await Promise.all(SOURCES[name].files.map((file) => hashIdxFile(name, dataDir, file.name))),
      };
    case "cifar10":
    case "cifar100":
      return hashCifar(name, dataDir);
  }
}

async function hashIdxFile(name: IdxDatasetName, dataDir: string, packedName: string): Promise<FileReport> {
  const { files, unpackedSha256 } = SOURCES[name];
  const plainName = basename(packedName, ".gz");
  const path = locateIdxFile(name, dataDir, plainName);
  const packed = files.find((file) => file.name === packedName)!;
  const found = await sha256File(path);
  if (found === packed.sha256) return { path, status: "official", sha256: found, wanted: found };
  const content = sha256(await readMaybeGzip(path));
  return compareContent(
    path,
    content,
    unpackedSha256[plainName],
    content === found ? "official" : "repacked",
  );
}

async function hashCifar(name: CifarDatasetName, dataDir: string): Promise<Hashed> {
  const { source, contents } = await readCifarFiles(name, dataDir);
  const dataset = parseCifar(name, contents);
  const { files, unpackedSha256 } = SOURCES[name];
  const archive = files.find((file) => file.name === basename(source));
  const found = archive === undefined ? undefined : await sha256File(source);
  if (found !== undefined && found === archive?.sha256) {
    return { dataset, files: [{ path: source, status: "official", sha256: found, wanted: found }] };
  }
  const match = archive === undefined ? "official" : "repacked";
  const reports = [...contents].map(([file, bytes]) =>
    compareContent(join(source, file), sha256(bytes), unpackedSha256[file], match),
  );
  return { dataset, files: reports };
}

function compareContent(
  path: string,
  found: string,
  wanted: string | undefined,
  match: "official" | "repacked",
): FileReport {
  const status = wanted === undefined ? "unknown" : found === wanted ? match : "unofficial";
  return { path, status, sha256: found, wanted: wanted ?? null };
}

function checkCount(name: DatasetName, split: string, got: number, want: number): void {
  if (got !== want) throw new DataError(`${name}: got ${got} ${split} images, want ${want}`);
}

function countClasses(set: ImageSet, classes: number): SplitReport {
  const perClass = new Array<number>(classes).fill(0);
  for (const label of set.labels) perClass[label]! += 1;
  return { count: set.count, perClass };
}
