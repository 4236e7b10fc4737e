import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SOURCES } from "../../src/data/sources.js";
import { temporaryFolder } from "../data/helpers.js";
import { runCli } from "./run-cli.js";

const study = ["study", "convergence"];

describe("sofim study convergence", () => {
  it("refuses a folder that was named and has no data, as training does", async () => {
    const { code, stderr } = await runCli([...study, "--data-dir", "nowhere"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sofim: mnist: no data file at nowhere.*; get it with: .*\n$/);
  });

  it("refuses damaged data, with a folder that was named and without", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "mnist"));
    for (const { name } of SOURCES.mnist.files) await writeFile(join(folder, "mnist", name), "damaged");
    for (const args of [study, [...study, "--data-dir", folder]]) {
      const { code, stderr } = await runCli(args, { env: { SOFIM_DATA_DIR: folder } });
      expect(code).toBe(2);
      expect(stderr).toMatch(/^sofim: train-images-idx3-ubyte.gz: got 7 bytes, want .*\n$/);
    }
  });

  it("goes on with the drawn digits where no folder was named and there is no data", async () => {
    const options = {
      env: { SOFIM_DATA_DIR: await temporaryFolder() },
      interruptAt: "The study goes on with the drawn digits",
    };
    expect((await runCli([...study, "--threads", "1"], options)).stderr).toContain("no data file at");
  });
});
