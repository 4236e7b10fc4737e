import { InvalidArgumentError } from "sofim/core";
import { loadCifar } from "./cifar.js";
import { DATASET_NAMES, type DatasetName, type ImageDataset } from "./dataset.js";
import { drawGlyphs } from "./glyphs/glyphs.js";
import { loadIdxDataset } from "./mnist.js";
import { defaultDataDir } from "./paths.js";

export interface LoadOptions {
  /** The folder that holds one folder per data set. Default: {@link defaultDataDir}. */
  readonly dataDir?: string;
}

/**
 * Loads a data set: `glyphs` is drawn, the others are read from the data folder.
 *
 * @param name - one of {@link DATASET_NAMES}
 * @returns training and test images as bytes [count, channels, height, width] with their labels
 * @throws MissingDataError if a file is missing, with the command that gets it
 * @throws DataError if a file cannot be read or is not what its format says
 * @throws InvalidArgumentError if there is no data set of that name
 * @example
 * ```ts
 * import { loadDataset } from "@sofim/lab";
 * const { train, classNames } = await loadDataset("glyphs");
 * if (train.count !== 10_000 || classNames.length !== 10) throw new Error("10,000 digits");
 * ```
 */
export async function loadDataset(name: DatasetName, options: LoadOptions = {}): Promise<ImageDataset> {
  const dataDir = options.dataDir ?? defaultDataDir();
  switch (name) {
    case "glyphs":
      return drawGlyphs();
    case "mnist":
    case "fashion-mnist":
      return loadIdxDataset(name, dataDir);
    case "cifar10":
    case "cifar100":
      return loadCifar(name, dataDir);
    default:
      throw new InvalidArgumentError("data set", name, `one of ${DATASET_NAMES.join(", ")}`);
  }
}
