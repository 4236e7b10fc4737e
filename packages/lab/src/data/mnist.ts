import { join } from "node:path";
import type { ImageDataset } from "./dataset.js";
import { readIdxSplit } from "./idx.js";
import { firstExisting } from "./paths.js";

const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;
const CLOTHES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
] as const;

/**
 * Reads MNIST or Fashion-MNIST from `DIR/mnist` or `DIR/fashion-mnist`: the four IDX files, gzip or unpacked.
 *
 * An IDX file states its own number of records, so that number is what the contents are held against; whether
 * it is the official 60,000 and 10,000 is for `sofim data verify` to say.
 */
export async function loadIdxDataset(
  name: "mnist" | "fashion-mnist",
  dataDir: string,
): Promise<ImageDataset> {
  const classNames = name === "mnist" ? DIGITS : CLOTHES;
  const find = (file: string): string => {
    const plain = join(dataDir, name, file);
    return firstExisting(name, dataDir, [`${plain}.gz`, plain]);
  };
  const split = (prefix: string) =>
    readIdxSplit(find(`${prefix}-images-idx3-ubyte`), find(`${prefix}-labels-idx1-ubyte`), classNames.length);
  return { name, classNames, train: await split("train"), test: await split("t10k") };
}
