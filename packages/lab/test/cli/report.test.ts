import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { madeUpProtocol, madeUpResults } from "../experiment/made-up-results.js";
import { runCli } from "./run-cli.js";

const { protocol, runs } = madeUpResults(() => ({ reachedAt: 20 }), {
  ...madeUpProtocol,
  workloads: madeUpProtocol.workloads.slice(0, 1),
});
const lines = [{ kind: "protocol", protocol }, ...runs].map((line) => `${JSON.stringify(line)}\n`);
const root = mkdtempSync(join(tmpdir(), "sofim-report-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Runs `sofim report` on a folder with one results file of these lines. */
async function report(name: string, content: string) {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "runs.jsonl"), content);
  return { folder, ...(await runCli(["report", folder])) };
}

describe("sofim report", () => {
  it("writes a page, a summary and a picture, twice the same", async () => {
    const { folder, code, stdout } = await report("whole", lines.join(""));
    expect(code).toBe(0);
    const files = ["runs.html", "runs.md", "runs.svg"].map((name) => join(folder, name));
    for (const file of files) expect(stdout).toContain(file);
    const first = files.map((file) => readFileSync(file));
    expect(first[0]!.toString()).toMatch(/^<!doctype html>/);
    expect((await runCli(["report", folder])).code).toBe(0);
    files.forEach((file, i) => {
      expect(readFileSync(file).equals(first[i]!)).toBe(true);
    });
  });

  it("reports on an unfinished file, and says how much is missing", async () => {
    const { code, stdout } = await report("part", `${lines.slice(0, 10).join("")}{"kind":"ru`);
    expect(code).toBe(0);
    expect(stdout).toContain("(12 runs are missing)");
  });

  it.each([
    ["a damaged line", "damaged", [lines[0]!, '{"kind": run}\n'], /runs\.jsonl: line 2 is not JSON/],
    ["a line that is not a run", "not-a-run", [lines[0]!, '{"kind":"run"}\n'], /line 2 is not a run/],
    [
      "a run of another method",
      "method",
      [lines[0]!, lines[1]!.replaceAll("sofim", "lion")],
      /is of lion on mnist-logreg, which its protocol does not ask for/,
    ],
    [
      "a protocol with a method that is not known",
      "protocol",
      [lines[0]!.replace('"adam"', '"lion"')],
      /its protocol cannot be scored/,
    ],
  ])("refuses %s", async (_, name, content, message) => {
    const { code, stderr } = await report(name, content.join(""));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it("draws nothing where a file of the report has no place", async () => {
    const folder = join(root, "taken");
    mkdirSync(join(folder, "runs.svg"), { recursive: true });
    writeFileSync(join(folder, "runs.jsonl"), lines.join(""));
    const { code, stderr } = await runCli(["report", folder]);
    expect(stderr).toContain('runs.svg", want a file, and this is a folder');
    expect(code).toBe(2);
    expect(readdirSync(folder)).toEqual(["runs.jsonl", "runs.svg"]);
  });

  it("refuses a folder that is not there, or has no results", async () => {
    const missing = await runCli(["report", join(root, "nowhere")]);
    expect(missing.stderr).toContain("want a folder that is there and can be read (ENOENT)");
    expect(missing.code).toBe(2);
    mkdirSync(join(root, "empty"));
    const empty = await runCli(["report", join(root, "empty")]);
    expect(empty.stderr).toContain("want one with results (*.jsonl)");
    expect(empty.code).toBe(2);
  });
});
