import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./run-cli.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sofim-demo-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("sofim demo", () => {
  it("prints both tables and writes the page", async () => {
    const { code, stdout, stderr } = await runCli(["demo", "--epochs", "1", "--seed", "2"], { cwd: folder });
    expect(code, stderr).toBe(0);
    for (const title of ["SOFIM", "SGD with momentum", "Adam"]) {
      expect(stdout.split("\n").filter((line) => line.includes(title))).toHaveLength(2);
    }
    expect(stdout).toContain("Curves: out/sofim-demo.html");
    const page = await readFile(join(folder, "out", "sofim-demo.html"), "utf8");
    expect(page).toContain("npx sofim demo --seed 2 --epochs 1 --out out/sofim-demo.html");
    expect(await readdir(join(folder, "out"))).toEqual(["sofim-demo.html"]);
  });

  it.each([
    ["below a file", "taken/page.html", "taken is no folder"],
    ["where a folder is", ".", "want a file, and this is a folder"],
    ["where a device is", "device", "want a regular file, and this is none"],
    ["whose name is too long", "x".repeat(250), "want a place where files can be made (ENAMETOOLONG)"],
  ])("refuses a page %s before it trains", async (_, out, message) => {
    await writeFile(join(folder, "taken"), "");
    // A link: should the check fail, no more than it is replaced.
    await symlink("/dev/null", join(folder, "device"));
    const { code, stdout, stderr } = await runCli(["demo", "--out", out], { cwd: folder });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(await readdir(folder)).toEqual(["device", "taken"]);
  });

  it("writes no page when it is interrupted", async () => {
    const options = { cwd: folder, interruptAt: "epoch 1/" };
    const { code, stderr } = await runCli(["demo"], options);
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted; no page was written");
    expect(await readdir(folder)).toEqual([]);
  });
});
