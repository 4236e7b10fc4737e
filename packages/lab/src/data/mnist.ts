import { join } from "node:path";
import { DIGIT_NAMES, FASHION_NAMES } from "./class-names.js";
import type { ImageDataset } from "./dataset.js";
import { readIdxSplit } from "./idx.js";
import { firstExisting } from "./paths.js";

export type IdxDatasetName = "mnist" | "fashion-mnist";

/** The path of one of the four files, by its unpacked name: gzip if there, else unpacked. */
export function locateIdxFile(name: IdxDatasetName, dataDir: string, file: string): string {
  const plain = join(dataDir, name, file);
  return firstExisting(name, dataDir, [`${plain}.gz`, plain]);
}

/**
 * Reads MNIST or Fashion-MNIST from `DIR/mnist` or `DIR/fashion-mnist`: the four IDX files, gzip or unpacked.
 *
 * An IDX file states its own number of records, so that number is what the contents are held against; whether
 * it is the official 60,000 and 10,000 is for `sofim data verify` to say.
 */
export async function loadIdxDataset(name: IdxDatasetName, dataDir: string): Promise<ImageDataset> {
  const classNames = name === "mnist" ? DIGIT_NAMES : FASHION_NAMES;
  const split = (prefix: string) =>
    readIdxSplit(
      locateIdxFile(name, dataDir, `${prefix}-images-idx3-ubyte`),
      locateIdxFile(name, dataDir, `${prefix}-labels-idx1-ubyte`),
      classNames.length,
    );
  return { name, classNames, train: await split("train"), test: await split("t10k") };
}
