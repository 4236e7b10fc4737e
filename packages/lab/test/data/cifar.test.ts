import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "tar";
import { describe, expect, it } from "vitest";
import { parseRecords } from "../../src/data/cifar.js";
import { CIFAR_LAYOUTS } from "../../src/data/cifar-files.js";
import { DataError, loadDataset } from "../../src/data/index.js";
import { messageOfFailure, temporaryFolder } from "./helpers.js";

const IMAGE = 3 * 32 * 32;

/** Records whose label bytes `labels` gives, and whose image is all the record's number. */
function records(count: number, labels: (record: number) => readonly number[]): Buffer {
  const size = labels(0).length + IMAGE;
  const bytes = Buffer.alloc(count * size);
  for (let record = 0; record < count; record++) {
    bytes.fill(record % 256, record * size, (record + 1) * size);
    bytes.set(labels(record), record * size);
  }
  return bytes;
}

const cifar10Files = (count: number): Map<string, Buffer> => {
  const files = [...CIFAR_LAYOUTS.cifar10.trainFiles, ...CIFAR_LAYOUTS.cifar10.testFiles];
  return new Map(files.map((file, i) => [file, records(count, (record) => [(record + i) % 10])]));
};

/** Writes record files as the unpacked folder, and returns the data folder. */
async function writeFolder(
  name: "cifar10" | "cifar100",
  files: ReadonlyMap<string, Buffer>,
): Promise<string> {
  const dataDir = await temporaryFolder();
  const folder = join(dataDir, name, CIFAR_LAYOUTS[name].folder);
  await mkdir(folder, { recursive: true });
  for (const [file, bytes] of files) await writeFile(join(folder, file), bytes);
  return dataDir;
}

/** Packs the folder of a data folder into the archive, in another data folder. */
async function pack(name: "cifar10" | "cifar100", dataDir: string): Promise<string> {
  const { archive, folder } = CIFAR_LAYOUTS[name];
  const packed = await temporaryFolder();
  await mkdir(join(packed, name));
  // The fastest compression: the test is of reading.
  await create({ gzip: { level: 1 }, file: join(packed, name, archive), cwd: join(dataDir, name) }, [folder]);
  return packed;
}

describe("CIFAR", () => {
  it("reads CIFAR-10 from the folder and from the archive, the same", async () => {
    const dataDir = await writeFolder("cifar10", cifar10Files(10_000));
    const fromFolder = await loadDataset("cifar10", { dataDir });
    const fromArchive = await loadDataset("cifar10", { dataDir: await pack("cifar10", dataDir) });
    for (const { train, test, classNames } of [fromFolder, fromArchive]) {
      expect(classNames).toHaveLength(10);
      expect(train).toMatchObject({ count: 50_000, channels: 3, height: 32, width: 32 });
      expect(test.count).toBe(10_000);
      // Record 7 of the third batch: the batches are joined in order.
      expect(train.labels[20_007]).toBe((7 + 2) % 10);
      expect(train.images[20_007 * IMAGE + 5]).toBe(7);
      expect(test.labels[0]).toBe(5);
    }
    expect(Buffer.compare(fromFolder.train.images, fromArchive.train.images)).toBe(0);
    expect(Buffer.compare(fromFolder.test.labels, fromArchive.test.labels)).toBe(0);
  });

  it("reads CIFAR-100 with its fine labels", async () => {
    const labels = (record: number): number[] => [record % 20, record % 100];
    const files = new Map([
      ["train.bin", records(50_000, labels)],
      ["test.bin", records(10_000, labels)],
    ]);
    const { train, test, classNames } = await loadDataset("cifar100", {
      dataDir: await writeFolder("cifar100", files),
    });
    expect(new Set(classNames).size).toBe(100);
    expect(train.labels[199]).toBe(99);
    expect(train.images[199 * IMAGE]).toBe(199);
    expect(test.count).toBe(10_000);
  });

  it("refuses a wrong number of records, and says how many each file has", async () => {
    const files = cifar10Files(2);
    const dataDir = await writeFolder("cifar10", files);
    expect(await messageOfFailure(() => loadDataset("cifar10", { dataDir }))).toBe(
      "got 10 records (data_batch_1.bin: 2, data_batch_2.bin: 2, data_batch_3.bin: 2, data_batch_4.bin: 2, data_batch_5.bin: 2), want 50000",
    );
  });

  it("refuses part of a record", () => {
    const bytes = records(3, () => [1]).subarray(0, -1);
    expect(() => parseRecords([{ name: "test_batch.bin", bytes }], CIFAR_LAYOUTS.cifar10, 3)).toThrow(
      `test_batch.bin: got ${3 * 3073 - 1} bytes, want whole records of 3073 bytes`,
    );
  });

  it("refuses labels out of range, coarse ones too", () => {
    const parse = (name: "cifar10" | "cifar100", labels: readonly number[]) => () =>
      parseRecords(
        [{ name: "x.bin", bytes: records(2, (i) => (i === 1 ? labels : labels.map(() => 0))) }],
        CIFAR_LAYOUTS[name],
        2,
      );
    expect(parse("cifar10", [10])).toThrow("x.bin: got label 10 at record 1, want labels from 0 to 9");
    expect(parse("cifar100", [0, 100])).toThrow("x.bin: got label 100 at record 1, want labels from 0 to 99");
    expect(parse("cifar100", [20, 0])).toThrow("x.bin: got label 20 at record 1, want labels from 0 to 19");
    expect(parse("cifar100", [19, 99])).not.toThrow();
  });

  it("says which files are missing in the folder or the archive", async () => {
    const files = cifar10Files(1);
    files.delete("data_batch_3.bin");
    const dataDir = await writeFolder("cifar10", files);
    for (const folder of [dataDir, await pack("cifar10", dataDir)]) {
      const message = await messageOfFailure(() => loadDataset("cifar10", { dataDir: folder }));
      expect(message).toContain("want also data_batch_3.bin");
    }
  });

  it("says which paths were looked at and which command gets a missing set", async () => {
    const dataDir = await temporaryFolder();
    const path = join(dataDir, "cifar100", "cifar-100-binary");
    expect(await messageOfFailure(() => loadDataset("cifar100", { dataDir }))).toBe(
      `cifar100: no data file at ${path}.tar.gz or ${path}; get it with: sofim data download cifar100 --data-dir ${dataDir}`,
    );
  });

  it("refuses an archive cut short, and a file that is none", async () => {
    const dataDir = await pack("cifar10", await writeFolder("cifar10", cifar10Files(20)));
    const path = join(dataDir, "cifar10", CIFAR_LAYOUTS.cifar10.archive);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 20));
    await expect(loadDataset("cifar10", { dataDir })).rejects.toBeInstanceOf(DataError);
    expect(await messageOfFailure(() => loadDataset("cifar10", { dataDir }))).toBe(
      `cifar-10-binary.tar.gz: the gzip data stops after ${whole.length - 20} bytes without its end mark (truncated), want the whole file`,
    );
    await writeFile(path, "<html>404, and longer than one block of a tar file</html>".repeat(20));
    expect(await messageOfFailure(() => loadDataset("cifar10", { dataDir }))).toContain(
      "want a tar archive, gzip",
    );
  });
});
