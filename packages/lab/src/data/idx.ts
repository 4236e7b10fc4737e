import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { ImageSet } from "./dataset.js";
import { DataError, messageOf, systemFailure } from "./errors.js";

/** Data type code of the IDX format for unsigned bytes, the only one that image sets use. */
const UNSIGNED_BYTE = 0x08;

export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Reads a file, unpacking it if it begins as gzip does, whatever its name says. */
export async function readMaybeGzip(path: string): Promise<Uint8Array> {
  const raw = await readFile(path).catch((error: unknown) => {
    throw systemFailure(path, "cannot be read", error);
  });
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  try {
    return await promisify(gunzip)(raw);
  } catch (error) {
    throw gzipError(basename(path), raw.length, error);
  }
}

/** The error for gzip data that cannot be unpacked; zlib reports a file cut short as Z_BUF_ERROR. */
export function gzipError(file: string, bytes: number, error: unknown): DataError {
  const { code } = error as NodeJS.ErrnoException;
  return new DataError(
    code === "Z_BUF_ERROR"
      ? `${file}: the gzip data stops after ${bytes} bytes without its end mark (truncated), want the whole file`
      : `${file}: the gzip data cannot be unpacked (${messageOf(error)}), want an intact gzip file`,
  );
}

/**
 * Parses an IDX array of unsigned bytes.
 *
 * @param bytes - the file's contents, unpacked
 * @param rank - number of dimensions wanted: 3 for images, 1 for labels
 * @param file - name used in error messages
 * @throws DataError if the magic number, the dimensions or the number of bytes are wrong
 *
 * Source: the IDX file format as described with the MNIST database (LeCun, Cortes, Burges).
 */
export function parseIdx(bytes: Uint8Array, rank: number, file: string): IdxArray {
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw new DataError(`${file}: got ${bytes.length} bytes, want a header of at least ${headerBytes}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const wanted = (UNSIGNED_BYTE << 8) | rank;
  if (magic !== wanted) {
    throw new DataError(
      `${file}: got magic number ${hex(magic)}, want ${hex(wanted)} (IDX, unsigned bytes, ${rank} dimension${rank === 1 ? "" : "s"})`,
    );
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, length) => product * length, 1);
  if (size === 0) throw new DataError(`${file}: got shape [${shape.join(", ")}], want no empty dimension`);
  if (bytes.length - headerBytes !== size) {
    throw new DataError(
      `${file}: got ${bytes.length - headerBytes} bytes of data, want ${size} for the shape [${shape.join(", ")}] in its header`,
    );
  }
  return { shape, data: bytes.subarray(headerBytes) };
}

/** Reads one split: a file of images and the file of their labels, both IDX, gzip or plain. */
export async function readIdxSplit(
  imagesPath: string,
  labelsPath: string,
  classes: number,
): Promise<ImageSet> {
  const [imageBytes, labelBytes] = await Promise.all([readMaybeGzip(imagesPath), readMaybeGzip(labelsPath)]);
  const images = parseIdx(imageBytes, 3, basename(imagesPath));
  const labels = parseIdx(labelBytes, 1, basename(labelsPath));
  const [count, height, width] = images.shape as [number, number, number];
  if (height !== 28 || width !== 28) {
    throw new DataError(`${basename(imagesPath)}: got images of ${height} x ${width}, want 28 x 28`);
  }
  if (labels.shape[0] !== count) {
    throw new DataError(
      `${basename(labelsPath)}: got ${labels.shape[0]} labels, want ${count}, one for each image in ${basename(imagesPath)}`,
    );
  }
  checkLabels(labels.data, classes, basename(labelsPath));
  return { count, channels: 1, height, width, images: images.data, labels: labels.data };
}

/** Throws unless every label is below the number of classes. */
export function checkLabels(labels: Uint8Array, classes: number, file: string): void {
  const at = labels.findIndex((label) => label >= classes);
  if (at >= 0) {
    throw new DataError(
      `${file}: got label ${labels[at]} at record ${at}, want labels from 0 to ${classes - 1}`,
    );
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
