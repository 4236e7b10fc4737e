import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";
import { readResults } from "../../src/experiment/results-file.js";
import { mainScript, runCli } from "../cli/run-cli.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sofim-bench-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const smoke = (out: string) => ["bench", "--suite", "smoke", "--out", out];
const bench = (out: string, jobs = 2) => [...smoke(out), "--jobs", String(jobs)];

/** What runs say but for how long they took and when they were made, by their ids. */
function outcomes(out: string): Map<string, unknown> {
  const { runs } = readResults(join(out, "smoke.jsonl"));
  return new Map(
    runs.map(({ seconds, wallSeconds, evalSeconds, compileSeconds, startedAt, evaluations, ...rest }) => {
      const scores = evaluations.map(({ seconds: _seconds, ...score }) => score);
      return [rest.id, { ...rest, scores }];
    }),
  );
}

/** Starts the bench and ends it, with all its processes' chances to clean up gone, after so many milliseconds. */
function runAndKill(out: string, milliseconds: number): Promise<"killed" | "ended"> {
  const child = spawn(process.execPath, [mainScript, ...bench(out)], { stdio: "ignore" });
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  return new Promise((resolve) => {
    child.on("close", (_code, signal) => {
      clearTimeout(timer);
      resolve(signal === "SIGKILL" ? "killed" : "ended");
    });
  });
}

describe("sofim bench with a protocol", () => {
  it("gives the same results killed ten times as unbroken", { timeout: 300_000 }, async () => {
    const unbroken = join(folder, "unbroken");
    const broken = join(folder, "broken");
    const started = performance.now();
    expect((await runCli(bench(unbroken))).code).toBe(0);
    const duration = performance.now() - started;
    const random = new Random(Date.now());
    let kills = 0;
    while (kills < 10) {
      if ((await runAndKill(broken, random.uniform(0, duration))) === "killed") kills++;
      // It came to its end before ten kills: once more, from nothing.
      else rmSync(broken, { recursive: true, force: true });
    }
    const { code, stdout } = await runCli(bench(broken));
    expect(code).toBe(0);
    expect(stdout).toContain("complete");
    expect(outcomes(broken)).toEqual(outcomes(unbroken));
    expect(outcomes(broken).size).toBe(12);
  });

  it("stops in good order on Ctrl-C, and holds off a second process", { timeout: 120_000 }, async () => {
    const first = runCli(bench(folder, 1), { interruptAt: "smoke 2/12" });
    while (!lockIsHeld()) await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await runCli(bench(folder));
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/--out: got .*, want a folder that no other run uses; process \d+ does/);
    const { code, stderr } = await first;
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted; the same command goes on");
    expect(readResults(join(folder, "smoke.jsonl")).runs.length).toBeGreaterThanOrEqual(2);
  });

  it("makes a run again from its line", { timeout: 120_000 }, async () => {
    expect((await runCli(bench(folder))).code).toBe(0);
    const repeat = (id: string) => runCli([...smoke(folder), "--repeat", id]);
    const same = await repeat("glyphs-lenet5/sofim/seed-102");
    expect(same.stdout).toContain("the same to the last bit");
    expect(same.code).toBe(0);
    const path = join(folder, "smoke.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll('"seed":102', '"seed":103'));
    const other = await repeat("glyphs-lenet5/sofim/seed-102");
    expect(other.stdout).toMatch(/differs by \S+, relative/);
    expect(other.code).toBe(1);
    const none = await repeat("glyphs-lenet5/sofim/seed-1");
    expect(none.stderr).toContain('--repeat: got "glyphs-lenet5/sofim/seed-1"');
    expect(none.code).toBe(2);
  });

  it("says that a line was cut off, and refuses another protocol's file", { timeout: 120_000 }, async () => {
    const path = join(folder, "smoke.jsonl");
    expect((await runCli(bench(folder))).code).toBe(0);
    const whole = readFileSync(path, "utf8");
    appendFileSync(path, '{"kind":"run","id":"glyphs');
    const again = await runCli(bench(folder));
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("the last line was cut off; its run will be made again");
    expect(readFileSync(path, "utf8")).toBe(whole);
    writeFileSync(path, whole.replace('"trials":2', '"trials":3'));
    const refused = await runCli(bench(folder));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("was made under another protocol");
  });

  it.each([
    [["--jobs", "0"], '--jobs: got "0"'],
    [["--suite", "papers"], "'papers' is invalid"],
    [["--out", "/dev/null/results"], "--out"],
  ])("refuses %j", async (flags, message) => {
    const { code, stderr } = await runCli(["bench", "--suite", "smoke", ...flags]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

function lockIsHeld(): boolean {
  try {
    return readFileSync(join(folder, ".smoke.lock"), "utf8") !== "";
  } catch {
    return false;
  }
}
