export { type Augmentation, augmentImages } from "./augment.js";
export { gatherBatch, type Normalization } from "./batch.js";
export { checkDataset } from "./check.js";
export { DATASET_NAMES, type DatasetName, type ImageDataset, type ImageSet } from "./dataset.js";
export { type Download, type DownloadOptions, downloadDataset } from "./download.js";
export { DataError, MissingDataError } from "./errors.js";
export { drawGlyphs, type GlyphOptions } from "./glyphs/glyphs.js";
export { type LoadOptions, loadDataset } from "./load.js";
export { defaultDataDir } from "./paths.js";
export { Random } from "./random.js";
export type { SourceFile } from "./sources.js";
export {
  type FileReport,
  type FileStatus,
  type SplitReport,
  type VerifyReport,
  verifyDataset,
} from "./verify.js";
