import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CIFAR_LAYOUTS } from "../../src/data/cifar-files.js";
import { checkDataset, loadDataset, MissingDataError } from "../../src/data/index.js";
import { SOURCES } from "../../src/data/sources.js";
import { messageOfFailure, temporaryFolder } from "./helpers.js";

const { folder, trainFiles, testFiles } = CIFAR_LAYOUTS.cifar10;

/** A data folder with files of one byte: what they hold is not looked at. */
async function writeFiles(...paths: readonly string[]): Promise<string> {
  const dataDir = await temporaryFolder();
  for (const path of paths) {
    await mkdir(join(dataDir, path, ".."), { recursive: true });
    await writeFile(join(dataDir, path), "x");
  }
  return dataDir;
}

const mnistFiles = SOURCES.mnist.files.map(({ name }) => `mnist/${name}`);
const cifarFiles = [...trainFiles, ...testFiles].map((file) => `cifar10/${folder}/${file}`);

describe("checkDataset", () => {
  it("finds whole sets, and wants no files for the drawn digits", async () => {
    const dataDir = await writeFiles(...mnistFiles, ...cifarFiles, "cifar100/cifar-100-binary.tar.gz");
    for (const name of ["glyphs", "mnist", "cifar10", "cifar100"] as const) await checkDataset(name, dataDir);
  });

  it("refuses a set that is not there or lacks a file, as reading it does", async () => {
    const dataDir = await writeFiles(...mnistFiles.slice(1));
    for (const name of ["mnist", "cifar10"] as const) {
      await expect(checkDataset(name, dataDir)).rejects.toBeInstanceOf(MissingDataError);
      expect(await messageOfFailure(() => checkDataset(name, dataDir))).toBe(
        await messageOfFailure(() => loadDataset(name, { dataDir })),
      );
    }
  });

  it("refuses an unpacked set without all its record files", async () => {
    const dataDir = await writeFiles(...cifarFiles.slice(0, 5));
    expect(await messageOfFailure(() => checkDataset("cifar10", dataDir))).toBe(
      `${join(dataDir, cifarFiles[5]!)}: cannot be read (ENOENT)`,
    );
  });

  it.each([
    ["mnist", mnistFiles[0]!],
    ["cifar10", "cifar10/cifar-10-binary.tar.gz"],
    ["cifar10", cifarFiles[0]!],
  ] as const)("refuses a folder in the place of a file of %s, as reading it does: %s", async (name, path) => {
    const dataDir = await writeFiles(...mnistFiles.slice(1));
    await mkdir(join(dataDir, path), { recursive: true });
    const message = `${join(dataDir, path)}: cannot be read (EISDIR)`;
    expect(await messageOfFailure(() => checkDataset(name, dataDir))).toBe(message);
    expect(await messageOfFailure(() => loadDataset(name, { dataDir }))).toBe(message);
  });
});
