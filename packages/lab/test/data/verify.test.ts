import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type FileStatus, verifyDataset } from "../../src/data/index.js";
import { SOURCES } from "../../src/data/sources.js";
import { hasRealData, realDataDir } from "../real-data.js";
import { idxFile, messageOfFailure, temporaryFolder } from "./helpers.js";

/** Files with MNIST's numbers of records and content of our own: images are all 0, labels count up. */
async function writeOwnContent(name: "mnist" | "fashion-mnist", trainCount = 60_000): Promise<string> {
  const dataDir = await temporaryFolder();
  await mkdir(join(dataDir, name));
  for (const [prefix, count] of [
    ["train", trainCount],
    ["t10k", 10_000],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    const images = idxFile([count, 28, 28], new Uint8Array(count * 784));
    await writeFile(join(dataDir, name, `${prefix}-images-idx3-ubyte`), images);
    await writeFile(
      join(dataDir, name, `${prefix}-labels-idx1-ubyte.gz`),
      gzipSync(idxFile([count], labels)),
    );
  }
  return dataDir;
}

const statuses = (files: readonly { readonly status: FileStatus }[]): FileStatus[] =>
  files.map(({ status }) => status);

describe("verifyDataset", () => {
  it("counts the embedded digits per class", async () => {
    const report = await verifyDataset("glyphs");
    expect(report).toMatchObject({ official: true, files: [], train: { count: 10_000 } });
    expect(report.test.perClass).toEqual(new Array(10).fill(200));
  });

  it("tells content that is not the official one, and counts it all the same", async () => {
    const report = await verifyDataset("mnist", await writeOwnContent("mnist"));
    expect(report.official).toBe(false);
    expect(statuses(report.files)).toEqual(new Array(4).fill("unofficial"));
    expect(report.train).toEqual({ count: 60_000, perClass: new Array(10).fill(6_000) });
  });

  it("tells where no official checksum is on record", async () => {
    const report = await verifyDataset("fashion-mnist", await writeOwnContent("fashion-mnist"));
    expect(report.official).toBe(false);
    expect(report.files[0]).toMatchObject({ status: "unknown", wanted: null });
  });

  it("refuses a set with another number of images than the official one", async () => {
    const dataDir = await writeOwnContent("mnist", 59_990);
    expect(await messageOfFailure(() => verifyDataset("mnist", dataDir))).toBe(
      "mnist: got 59990 training images, want 60000",
    );
  });

  it.skipIf(!hasRealData("mnist"))(
    "knows MNIST's content when it was packed again (shared data)",
    async () => {
      const report = await verifyDataset("mnist", realDataDir);
      expect(report.official).toBe(true);
      expect(report.test.perClass).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    },
  );

  it.skipIf(!hasRealData("cifar10"))(
    "tells that CIFAR-10's records are not the official ones, in order (shared data)",
    async () => {
      const report = await verifyDataset("cifar10", realDataDir);
      expect(report.official).toBe(false);
      expect(statuses(report.files)).toEqual(new Array(6).fill("unofficial"));
      expect(report.train.perClass).toEqual(new Array(10).fill(5_000));
      expect(report.test.perClass).toEqual(new Array(10).fill(1_000));
    },
  );
});

describe("SOURCES", () => {
  const files = Object.values(SOURCES).flatMap((source) => source.files);

  it("names several mirrors of every file, all different, each ending in the file's name", () => {
    expect(files).toHaveLength(10);
    for (const { name, mirrors } of files) {
      expect(new Set(mirrors).size).toBeGreaterThanOrEqual(2);
      for (const url of mirrors) expect(new URL(url).pathname.endsWith(`/${name}`)).toBe(true);
    }
  });

  it("has a SHA-256 of its own for every file", () => {
    const sums = [
      ...files.map(({ sha256 }) => sha256),
      ...Object.values(SOURCES).flatMap(({ unpackedSha256 }) => Object.values(unpackedSha256)),
    ];
    for (const sum of sums) expect(sum).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(sums).size).toBe(sums.length);
  });
});
