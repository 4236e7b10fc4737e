export { gatherBatch, type Normalization } from "./batch.js";
export { DATASET_NAMES, type DatasetName, type ImageDataset, type ImageSet } from "./dataset.js";
export { DataError } from "./errors.js";
export { drawGlyphs, type GlyphOptions } from "./glyphs/glyphs.js";
export { type LoadOptions, loadDataset } from "./load.js";
export { defaultDataDir } from "./paths.js";
export { Random } from "./random.js";
