import { describe, expect, it } from "vitest";
import { type ExperimentReport, makeExperimentReport } from "../../src/report/experiment/index.js";
import { madeUpEvaluations, madeUpResults } from "../experiment/made-up-results.js";

const reachedAt = { sofim: 20, sgd: 40, adam: 10, momentOnly: Infinity } as const;

const results = madeUpResults(({ method, seed }) => ({
  reachedAt: reachedAt[method as keyof typeof reachedAt],
  given:
    method === "adam" && seed === 105
      ? { status: "diverged", evaluations: madeUpEvaluations(10).slice(0, 3) }
      : {},
}));
const report = await makeExperimentReport(results, "made-up");
const part = await makeExperimentReport(
  { ...results, runs: results.runs.slice(0, 20), cutOff: true },
  "part",
);

describe("makeExperimentReport", () => {
  it("gives the same bytes for the same lines, in whatever order they stand", async () => {
    const again = await makeExperimentReport(results, "made-up");
    // Compared as a whole: a difference of pages would be too long to read.
    for (const file of ["html", "markdown", "svg"] as const) expect(again[file] === report[file]).toBe(true);
    const { html, svg } = await makeExperimentReport({ ...results, runs: mixed(results.runs) }, "made-up");
    expect(svg === report.svg).toBe(true);
    const withoutExample = (text: string) => text.replace(/--repeat \S+/g, "");
    expect(withoutExample(html) === withoutExample(report.html)).toBe(true);
  });

  it("refers to nothing outside itself and runs no script", () => {
    const text = report.html.replace(/xmlns(?::\w+)?="[^"]*"/g, "");
    expect(text).not.toMatch(/https?:|\/\/[a-z]/i);
    expect(text).not.toMatch(/<(script|link|iframe|object|embed|img|image|use|base)\b/i);
    expect(text).not.toMatch(/\b(src|xlink:href|srcset|action)\s*=|\bhref="(?!#)/i);
    expect(text).not.toMatch(/@import|url\((?!#)/i);
    expect(text).not.toMatch(/\son\w+\s*=/i);
  });

  it("gives every id once, and links to ids that are there", () => {
    const ids = Array.from(report.html.matchAll(/\sid="([^"]+)"/g), ([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = Array.from(report.html.matchAll(/(?:href="#|url\(#)([^")]+)/g), ([, id]) => id);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(ids).toContain(link);
  });

  it("prints no value that is not one, and no text as markup", () => {
    for (const text of [report.html, report.markdown, report.svg, part.html, part.markdown, part.svg]) {
      expect(text).not.toMatch(/NaN|undefined|\[object|Infinity/);
    }
    expect(report.html).toContain("Made-up &lt;runs&gt;");
    expect(report.html).not.toContain("<runs>");
  });

  it("says in words where the subject is ahead, behind and not told apart", () => {
    const steps = report.markdown.slice(report.markdown.indexOf("### In steps"));
    expect(steps).toContain("- SGD with momentum: of 6 targets, SOFIM is ahead on all 6.");
    expect(steps).toContain("- Adam: of 6 targets, SOFIM is behind on all 6.");
  });

  it("shows the times, the misses and the diverged runs", () => {
    expect(report.markdown).toContain("| SOFIM | 20 steps (2.00 s) | 20 steps (2.00 s) |");
    expect(report.markdown).toContain("| Adam | **10 steps** (1.00 s) | **10 steps** (1.00 s) |");
    const failures = report.markdown.slice(report.markdown.indexOf("## Failures"));
    expect(failures).toContain("| Logistic regression on MNIST | Adam | 0/2 | 1/5 | 0/5 | 0/5 | 0/5 |");
    expect(failures).toContain(
      "| LeNet-5 on drawn digits | moment without FIM | 0/2 | 0/5 | 5/5 | 5/5 | 5/5 |",
    );
  });

  it("draws curves, profiles, trials and ratios for all that was run", () => {
    const figures = report.html.match(/<figure>.*?<\/figure>/gs) ?? [];
    const [ratios, curves, profiles, trials] = [2 * 2, 6 * 2 + 6, 2 * 2, 3 + 4];
    expect(figures).toHaveLength(ratios + curves + profiles + trials);
  });

  it("says how to make the runs and itself again, and what the intervals mean", () => {
    for (const text of [report.html, report.markdown]) {
      expect(text).toContain("npx sofim bench --suite made-up --out results");
      expect(text).toContain("npx sofim report results");
      expect(text).toContain("With 5 seeds");
      expect(text).toContain("learningRate 0.005 to 0.3");
    }
  });

  it("has a picture with a ground and an ink of its own", () => {
    expect(report.svg).toMatch(/^<svg color="#1b1d21"/);
    expect(report.svg).toMatch(/<rect [^>]*fill="#ffffff"/);
    expect(report.markdown).toContain("](made-up.svg)");
  });

  it("gives a rival its row in every panel, also where no trial of it ended", async () => {
    const hopeless = results.runs
      .filter(({ id }) => !id.startsWith("mnist-logreg/adam/seed"))
      .map((run) => (run.id.startsWith("mnist-logreg/adam") ? { ...run, status: "diverged" as const } : run));
    const { svg, html } = await makeExperimentReport({ ...results, runs: hopeless }, "made-up");
    expect(panelHeights(report.svg)).toHaveLength(4);
    expect(panelHeights(svg)).toEqual(panelHeights(report.svg));
    expect(html).toContain("no winner");
  });

  it("says what is missing of results that are not complete", () => {
    expect(report.missing).toBe(0);
    expect(report.html).not.toContain("Not complete");
    expect(part.missing).toBe(29);
    for (const text of [part.html, part.markdown]) {
      expect(text).toContain("Not complete: 29 of 49 runs are missing.");
      expect(text).toContain("The last line of the results file was cut off");
      expect(text).toContain("Adam (incomplete)");
    }
    expect(part.html).toContain("No targets yet");
  });

  it("makes a page of results without a run", async () => {
    const none: ExperimentReport = await makeExperimentReport({ ...results, runs: [] }, "none");
    expect(none.missing).toBe(49);
    expect(none.html).not.toMatch(/NaN|undefined|Infinity/);
  });
});

/** Every third one first, and so on: another order, and the same one each time. */
function mixed<T>(items: readonly T[]): T[] {
  return [0, 1, 2].flatMap((rest) => items.filter((_, i) => i % 3 === rest));
}

/** How high the panels of a picture are, by the first gridline of each. */
function panelHeights(svg: string): string[] {
  return Array.from(
    svg.matchAll(/role-axis-grid"[^>]*><line transform="[^"]*" x2="0" y2="([^"]+)"/g),
    ([, y]) => y!,
  );
}
