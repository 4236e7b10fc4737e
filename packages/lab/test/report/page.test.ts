import { describe, expect, it } from "vitest";
import { renderPage } from "../../src/report/index.js";
import { madeUpEnvironment, madeUpRun, madeUpWorkload } from "./made-up-runs.js";

const runs = [madeUpRun("SOFIM", 30), madeUpRun("SGD with momentum", 90), madeUpRun("Adam <b>", 45)];
const page = await renderPage(runs, {
  workload: madeUpWorkload,
  environment: madeUpEnvironment,
  command: "npx sofim demo --seed 1",
  made: new Date("2026-01-02T03:04:05Z"),
});

describe("renderPage", () => {
  it("refers to nothing outside itself and runs no script", () => {
    const namespaces = /xmlns(?::\w+)?="[^"]*"/g;
    const text = page.replace(namespaces, "");
    expect(text).not.toMatch(/https?:|\/\/[a-z]/i);
    expect(text).not.toMatch(/<(script|link|iframe|object|embed|img|image|use|base)\b/i);
    expect(text).not.toMatch(/\b(src|href|xlink:href|srcset|action)\s*=/i);
    expect(text).not.toMatch(/@import|url\((?!#)/i);
    expect(text).not.toMatch(/\son\w+\s*=/i);
  });

  it("draws every metric of every run against steps and against seconds", () => {
    const charts = page.match(/<figure>.*?<\/figure>/gs) ?? [];
    expect(charts).toHaveLength(6);
    for (const chart of charts) {
      for (const color of ["#d55e00", "#1a84c7", "#009e73"]) expect(chart).toContain(`stroke="${color}"`);
    }
  });

  it("gives every id once", () => {
    const ids = Array.from(page.matchAll(/\sid="([^"]+)"/g), ([, id]) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("shows the numbers, the way it was made and the text of titles as text", () => {
    expect(page).toContain("<td>SGD with momentum</td>");
    expect(page).toContain("Adam &lt;b&gt;");
    expect(page).not.toContain("<b>");
    expect(page).toContain("npx sofim demo --seed 1");
    expect(page).toContain("A processor &lt;x&gt;, 2 cores, 8 GiB, linux x64");
    expect(page).toContain("2026-01-02 03:04");
  });

  it("still shows a run whose loss was not a number from the first step", async () => {
    const diverged = madeUpRun("Wild", 30, {
      status: "diverged",
      losses: Float32Array.of(Number.NaN),
      stepSeconds: Float64Array.of(0.1),
      evaluations: [],
      steps: 1,
      trainLoss: Number.NaN,
      testLoss: Number.NaN,
      testAccuracy: Number.NaN,
    });
    const html = await renderPage([diverged, runs[0]!], {
      workload: madeUpWorkload,
      environment: madeUpEnvironment,
      command: "x",
      made: new Date(0),
    });
    expect(html).toContain("Wild (diverged)");
    expect(html).toContain("<td>not reached</td>");
    expect(html).not.toContain("NaN");
  });
});
