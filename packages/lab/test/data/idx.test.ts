import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DataError, loadDataset } from "../../src/data/index.js";
import { idxFile, messageOfFailure, temporaryFolder } from "./helpers.js";

const SIZE = 28 * 28;

/** The four unpacked files of a small set: three images to train on, two to test on. */
function smallSet(): Map<string, Buffer> {
  const pixels = (count: number): Uint8Array => Uint8Array.from({ length: count * SIZE }, (_, i) => i % 251);
  return new Map([
    ["train-images-idx3-ubyte", idxFile([3, 28, 28], pixels(3))],
    ["train-labels-idx1-ubyte", idxFile([3], Uint8Array.of(5, 0, 9))],
    ["t10k-images-idx3-ubyte", idxFile([2, 28, 28], pixels(2))],
    ["t10k-labels-idx1-ubyte", idxFile([2], Uint8Array.of(1, 2))],
  ]);
}

/** Writes a set as MNIST and returns the data folder; an undefined file is left out. */
async function writeSet(files: ReadonlyMap<string, Buffer>): Promise<string> {
  const dataDir = await temporaryFolder();
  await mkdir(join(dataDir, "mnist"));
  for (const [name, bytes] of files) await writeFile(join(dataDir, "mnist", name), bytes);
  return dataDir;
}

/** The error's message after one file has been replaced. */
async function failureWith(file: string, bytes: Buffer): Promise<string> {
  const files = smallSet();
  files.set(file, bytes);
  const dataDir = await writeSet(files);
  await expect(loadDataset("mnist", { dataDir })).rejects.toBeInstanceOf(DataError);
  return messageOfFailure(() => loadDataset("mnist", { dataDir }));
}

describe("IDX", () => {
  it("reads unpacked files", async () => {
    const { train, test, classNames } = await loadDataset("mnist", { dataDir: await writeSet(smallSet()) });
    expect(classNames).toHaveLength(10);
    expect(train).toMatchObject({ count: 3, channels: 1, height: 28, width: 28 });
    expect([...train.labels]).toEqual([5, 0, 9]);
    expect(train.images).toHaveLength(3 * SIZE);
    expect(train.images[2 * SIZE + 5]).toBe((2 * SIZE + 5) % 251);
    expect([...test.labels]).toEqual([1, 2]);
  });

  it("reads gzip files, the same", async () => {
    const packed = new Map([...smallSet()].map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));
    const fromGzip = await loadDataset("mnist", { dataDir: await writeSet(packed) });
    const fromPlain = await loadDataset("mnist", { dataDir: await writeSet(smallSet()) });
    expect(fromGzip.train.images.every((byte, i) => byte === fromPlain.train.images[i])).toBe(true);
    expect([...fromGzip.test.labels]).toEqual([...fromPlain.test.labels]);
  });

  it("says which paths were looked at and which command gets a missing file", async () => {
    const files = smallSet();
    files.delete("t10k-labels-idx1-ubyte");
    const dataDir = await writeSet(files);
    const path = join(dataDir, "mnist", "t10k-labels-idx1-ubyte");
    expect(await messageOfFailure(() => loadDataset("mnist", { dataDir }))).toBe(
      `mnist: no data file at ${path}.gz or ${path}; get it with: sofim data download mnist --data-dir ${dataDir}`,
    );
  });

  it("refuses a gzip file cut short", async () => {
    const whole = gzipSync(smallSet().get("train-images-idx3-ubyte")!);
    const message = await failureWith("train-images-idx3-ubyte", whole.subarray(0, whole.length - 9));
    expect(message).toContain(`train-images-idx3-ubyte: the gzip data stops after ${whole.length - 9} bytes`);
    expect(message).toContain("truncated");
  });

  it("refuses a damaged gzip file", async () => {
    const whole = gzipSync(smallSet().get("train-images-idx3-ubyte")!);
    whole.writeUInt32LE(1, whole.length - 8);
    const message = await failureWith("train-images-idx3-ubyte", whole);
    expect(message).toContain("cannot be unpacked (incorrect data check), want an intact gzip file");
  });

  it("refuses a wrong magic number, such as labels in the place of images", async () => {
    const message = await failureWith("train-images-idx3-ubyte", idxFile([30], new Uint8Array(30)));
    expect(message).toBe(
      "train-images-idx3-ubyte: got magic number 0x00000801, want 0x00000803 (IDX, unsigned bytes, 3 dimensions)",
    );
  });

  it("refuses a file without a whole header", async () => {
    const message = await failureWith("t10k-labels-idx1-ubyte", Buffer.from([0, 0, 8]));
    expect(message).toBe("t10k-labels-idx1-ubyte: got 3 bytes, want a header of at least 8");
  });

  it.each([-1, 1])("refuses data of another length than the header says (%d byte)", async (extra) => {
    const message = await failureWith(
      "t10k-images-idx3-ubyte",
      idxFile([2, 28, 28], new Uint8Array(2 * SIZE + extra)),
    );
    expect(message).toBe(
      `t10k-images-idx3-ubyte: got ${2 * SIZE + extra} bytes of data, want ${2 * SIZE} for the shape [2, 28, 28] in its header`,
    );
  });

  it("refuses images of another size", async () => {
    const message = await failureWith(
      "train-images-idx3-ubyte",
      idxFile([3, 28, 27], new Uint8Array(3 * 28 * 27)),
    );
    expect(message).toBe("train-images-idx3-ubyte: got images of 28 x 27, want 28 x 28");
  });

  it("refuses another number of labels than of images", async () => {
    const message = await failureWith("train-labels-idx1-ubyte", idxFile([4], Uint8Array.of(1, 2, 3, 4)));
    expect(message).toBe(
      "train-labels-idx1-ubyte: got 4 labels, want 3, one for each image in train-images-idx3-ubyte",
    );
  });

  it("refuses a label out of range", async () => {
    const message = await failureWith("train-labels-idx1-ubyte", idxFile([3], Uint8Array.of(1, 10, 3)));
    expect(message).toBe("train-labels-idx1-ubyte: got label 10 at record 1, want labels from 0 to 9");
  });

  it("refuses a set that does not exist, and says which do", async () => {
    const message = await messageOfFailure(() => loadDataset("imagenet" as "mnist"));
    expect(message).toBe(
      'data set: got "imagenet", want one of glyphs, mnist, fashion-mnist, cifar10, cifar100',
    );
  });
});
