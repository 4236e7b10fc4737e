import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeLock } from "../../src/experiment/lock.js";
import { RunPlan } from "../../src/experiment/plan.js";
import { protocols } from "../../src/experiment/protocol.js";
import { ResultsWriter, readResults } from "../../src/experiment/results-file.js";
import { madeUpLine } from "./made-up-lines.js";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sofim-results-"));
  path = join(folder, "smoke.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const plan = new RunPlan(protocols.smoke, []);
const line = madeUpLine(plan.take()!, 0.25);
const other = madeUpLine(plan.take()!, Number.NaN, { status: "diverged" });

function write(...lines: (typeof line)[]): void {
  const writer = ResultsWriter.create(path, protocols.smoke);
  for (const each of lines) writer.append(each);
  writer.close();
}

describe("a results file", () => {
  it("gives back what was written, losses that are no numbers too", () => {
    write(line, other);
    const results = readResults(path);
    expect(results.runs).toEqual([line, other]);
    expect(results.protocol).toEqual(protocols.smoke);
    expect(results.cutOff).toBe(false);
  });

  it("notices a line that was cut off at any byte, and writes the next one in its place", () => {
    write(line, other);
    const whole = readFileSync(path);
    const end = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    for (let length = end + 1; length < whole.length; length += 37) {
      writeFileSync(path, whole.subarray(0, length));
      const results = readResults(path);
      expect(results.cutOff, `${length} bytes`).toBe(true);
      expect(results.runs).toEqual([line]);
      const writer = ResultsWriter.goOn(path, results);
      writer.append(other);
      writer.close();
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
  });

  it.each([
    ["that is not JSON", "{oops}\n", "line 3 is not JSON: {oops}"],
    ["that is not a run", '{"kind":"run"}\n', "line 3 is not a run"],
    [
      "with a field that no run has",
      `${JSON.stringify({ ...line, id: "x", loss: 1 })}\n`,
      "line 3 is not a run",
    ],
    ["that stands there twice", `${JSON.stringify(line)}\n`, `run ${line.id} stands there twice`],
  ])("refuses a line %s", (_, text, message) => {
    write(line);
    appendFileSync(path, text);
    expect(() => readResults(path)).toThrow(message);
  });

  it("refuses a file without a protocol", () => {
    writeFileSync(path, `${JSON.stringify(line)}\n`);
    expect(() => readResults(path)).toThrow("line 1 is not a protocol");
    writeFileSync(path, '{"kind":"proto');
    expect(() => readResults(path)).toThrow("has no whole line");
  });
});

describe("takeLock", () => {
  it("holds off others until it is given back", () => {
    const unlock = takeLock(path, "--out");
    expect(() => takeLock(path, "--out")).toThrow(`process ${process.pid} does`);
    unlock();
    takeLock(path, "--out")();
  });

  it("takes over from a process that is gone", () => {
    // The kernel gives no process this number.
    writeFileSync(path, String(2 ** 30));
    takeLock(path, "--out")();
  });
});
