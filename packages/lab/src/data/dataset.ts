/** Names of the data sets that {@link loadDataset} reads. */
export const DATASET_NAMES = ["glyphs", "mnist", "fashion-mnist", "cifar10", "cifar100"] as const;

export type DatasetName = (typeof DATASET_NAMES)[number];

/** Labelled images of one size, as bytes. */
export interface ImageSet {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [count, channels, height, width], row-major, 0 to 255. */
  readonly images: Uint8Array;
  /** [count], class indices from 0. */
  readonly labels: Uint8Array;
}

export interface ImageDataset {
  readonly name: DatasetName;
  readonly classNames: readonly string[];
  readonly train: ImageSet;
  readonly test: ImageSet;
}
