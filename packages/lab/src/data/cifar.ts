import { CIFAR_LAYOUTS, type CifarDatasetName, type CifarLayout, readCifarFiles } from "./cifar-files.js";
import { CIFAR10_NAMES, CIFAR100_NAMES } from "./class-names.js";
import type { ImageDataset, ImageSet } from "./dataset.js";
import { DataError } from "./errors.js";

const CHANNELS = 3;
const SIZE = 32;
const IMAGE_BYTES = CHANNELS * SIZE * SIZE;

interface RecordFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Reads CIFAR-10, or CIFAR-100 with its fine labels, from the archive or from the folder it unpacks to. */
export async function loadCifar(name: CifarDatasetName, dataDir: string): Promise<ImageDataset> {
  const { contents } = await readCifarFiles(name, dataDir);
  return parseCifar(name, contents);
}

/** The data set that the record files hold. */
export function parseCifar(name: CifarDatasetName, contents: ReadonlyMap<string, Uint8Array>): ImageDataset {
  const layout = CIFAR_LAYOUTS[name];
  const pick = (files: readonly string[]): RecordFile[] =>
    files.map((file) => ({ name: file, bytes: contents.get(file)! }));
  return {
    name,
    classNames: name === "cifar10" ? CIFAR10_NAMES : CIFAR100_NAMES,
    train: parseRecords(pick(layout.trainFiles), layout, 50_000),
    test: parseRecords(pick(layout.testFiles), layout, 10_000),
  };
}

/**
 * Parses records of one or two label bytes and an image [3, 32, 32].
 *
 * The files state no number of records of their own, so the official number is the only check on their length.
 *
 * Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009, and the description of
 * the binary version on the data set's page.
 */
export function parseRecords(files: readonly RecordFile[], layout: CifarLayout, want: number): ImageSet {
  const recordBytes = layout.labelClasses.length + IMAGE_BYTES;
  checkCounts(files, recordBytes, want);
  const images = new Uint8Array(want * IMAGE_BYTES);
  const labels = new Uint8Array(want);
  let record = 0;
  for (const { name, bytes } of files) {
    for (let at = 0; at < bytes.length; at += recordBytes, record++) {
      const image = at + layout.labelClasses.length;
      layout.labelClasses.forEach((classes, byte) => {
        if (bytes[at + byte]! >= classes)
          throw labelError(name, bytes[at + byte]!, at / recordBytes, classes);
      });
      labels[record] = bytes[image - 1]!;
      images.set(bytes.subarray(image, at + recordBytes), record * IMAGE_BYTES);
    }
  }
  return { count: want, channels: CHANNELS, height: SIZE, width: SIZE, images, labels };
}

function checkCounts(files: readonly RecordFile[], recordBytes: number, want: number): void {
  for (const { name, bytes } of files) {
    if (bytes.length % recordBytes !== 0) {
      throw new DataError(`${name}: got ${bytes.length} bytes, want whole records of ${recordBytes} bytes`);
    }
  }
  const counts = files.map(({ bytes }) => bytes.length / recordBytes);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total !== want) {
    const each = files.map(({ name }, i) => `${name}: ${counts[i]}`).join(", ");
    throw new DataError(`got ${total} records (${each}), want ${want}`);
  }
}

function labelError(file: string, label: number, record: number, classes: number): DataError {
  return new DataError(
    `${file}: got label ${label} at record ${record}, want labels from 0 to ${classes - 1}`,
  );
}
