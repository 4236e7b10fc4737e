import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it, vi } from "vitest";
import { registerDataCommand } from "../../src/cli/data.js";
import { defaultDataDir } from "../../src/data/index.js";
import { temporaryFolder } from "./helpers.js";

/** What `sofim data ...` prints, and the message of its error. */
async function run(
  ...args: string[]
): Promise<{ stdout: string; stderr: string; error: string | undefined }> {
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const program = new Command("sofim").exitOverride();
  registerDataCommand(program);
  let error: string | undefined;
  try {
    await program.parseAsync(["data", ...args], { from: "user" });
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  const printed = (spy: typeof stdout): string => spy.mock.calls.map(([text]) => String(text)).join("");
  const output = { stdout: printed(stdout), stderr: printed(stderr), error };
  stdout.mockRestore();
  stderr.mockRestore();
  return output;
}

describe("sofim data", () => {
  it("lists all data sets", async () => {
    const { stdout } = await run("list");
    expect(stdout.trim().split("\n")).toHaveLength(5);
    expect(stdout).toContain("60000 + 10000 images, 11.6 MB to download");
    expect(JSON.parse((await run("list", "--json")).stdout)).toHaveLength(5);
  });

  it("verifies the embedded digits", async () => {
    const { stdout, error } = await run("verify", "glyphs");
    expect(error).toBeUndefined();
    expect(stdout).toContain("train: 10000 images\n  0 1000, 1 1000");
  });

  it("prints one line of JSON alone on stdout", async () => {
    const { stdout, stderr } = await run("verify", "glyphs", "--json");
    expect(stdout.match(/\n/g)).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ name: "glyphs", usable: true, official: true });
    expect(stderr).toContain("test: 2000 images");
  });

  it("fails where data is missing, with the command that gets it", async () => {
    const dataDir = await temporaryFolder();
    const { stdout, error } = await run("verify", "mnist", "--data-dir", dataDir, "--json");
    expect(error).toContain(`get it with: sofim data download mnist --data-dir ${dataDir}`);
    expect(JSON.parse(stdout)).toEqual({ name: "mnist", usable: false, error });
  });

  it("says that the embedded digits need no download", async () => {
    expect((await run("download", "glyphs")).stdout).toContain("nothing to download");
  });

  it("refuses a data set that does not exist, and says which do", async () => {
    const { error } = await run("download", "imagenet");
    expect(error).toBe(
      'data set: got "imagenet", want one of glyphs, mnist, fashion-mnist, cifar10, cifar100',
    );
  });
});

describe("defaultDataDir", () => {
  it("is SOFIM_DATA_DIR, else in the user's cache", () => {
    expect(defaultDataDir({ SOFIM_DATA_DIR: "/data", XDG_CACHE_HOME: "/cache" })).toBe("/data");
    expect(defaultDataDir({ XDG_CACHE_HOME: "/cache" })).toBe(join("/cache", "sofim"));
    expect(defaultDataDir({})).toMatch(/\.cache[\\/]sofim$/);
  });
});
