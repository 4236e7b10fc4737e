import type { Targets, Workload } from "../workloads/workload.js";
import { seriesStyle } from "./chart-style.js";
import { chartTitle, type Progress, renderChart } from "./charts.js";
import type { Metric } from "./curves.js";
import type { Environment } from "./environment.js";
import { escapeHtml } from "./html.js";
import type { ReportedRun } from "./run.js";
import { pageStyle } from "./style.js";
import { finalTable, type SummaryTable, targetTable } from "./summary.js";

/** What a page tells besides the runs. */
export interface PageContext {
  readonly workload: Workload;
  readonly environment: Environment;
  /** The command that makes the page again. */
  readonly command: string;
  readonly made: Date;
}

const nonBreakingHyphen = "\u2011";
const metrics: readonly Metric[] = ["trainLoss", "testLoss", "testAccuracy"];
const progresses: readonly Progress[] = ["step", "seconds"];

/**
 * Renders runs on one workload as one self-contained HTML page: tables, curves as inline SVG, and what is
 * needed to make it again. No scripts, no fonts, no requests.
 *
 * @param runs - at least one, all on `context.workload`
 */
export async function renderPage(runs: readonly ReportedRun[], context: PageContext): Promise<string> {
  const { workload } = context;
  const methods = new Intl.ListFormat("en").format(runs.map((run) => run.title));
  const title = `${methods}: ${workload.title}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title.replaceAll(/-(?=\d)/g, nonBreakingHyphen))}</h1>
<p>${escapeHtml(describe(runs, workload))}</p>
<h2>Steps and seconds to each target</h2>
${renderTable(targetTable(runs, workload.targets))}
<h2>Curves</h2>
${renderLegend(runs)}
<div class="charts">
${(await renderCharts(runs, workload.targets)).join("\n")}
</div>
<h2>Where the runs ended</h2>
${renderTable(finalTable(runs))}
<h2>How it was made</h2>
${renderProvenance(runs, context)}
</main>
</body>
</html>
`;
}

function describe(runs: readonly ReportedRun[], workload: Workload): string {
  const { epochs, batchSize, seed } = runs[0]!.result;
  return (
    `${epochs} epochs in batches of ${batchSize}; every method started from the same weights and saw the ` +
    `same batches (seed ${seed}), each with the options that ${workload.name} holds for it. Seconds count ` +
    `training alone: evaluation (every ${workload.evaluateEvery} steps) and compilation are off the clock. ` +
    "A target counts from the first evaluation that reached it; train loss is then the mean over the " +
    "batches since the evaluation before. Options that a table does not name are the optimizer's defaults."
  );
}

function renderLegend(runs: readonly ReportedRun[]): string {
  const items = runs.map(({ title }, index) => {
    const { color, dash } = seriesStyle(index);
    const line = `<line x1="0" y1="6" x2="36" y2="6" stroke="${color}" stroke-width="3" stroke-dasharray="${dash.join(" ")}"/>`;
    return `<li><svg viewBox="0 0 36 12" aria-hidden="true">${line}</svg>${escapeHtml(title)}</li>`;
  });
  const target = `<li class="muted"><svg viewBox="0 0 36 12" aria-hidden="true"><line x1="0" y1="6" x2="36" y2="6" stroke="currentColor" stroke-dasharray="4 4"/></svg>target</li>`;
  return `<ul class="legend">${items.join("")}${target}</ul>`;
}

function renderCharts(runs: readonly ReportedRun[], targets: Targets): Promise<string[]> {
  const charts = metrics.flatMap((metric) => progresses.map((progress) => ({ metric, progress })));
  return Promise.all(
    charts.map(async ({ metric, progress }) => {
      const svg = await renderChart(runs, metric, progress, targets[metric]);
      return `<figure><figcaption>${escapeHtml(chartTitle(metric, progress))}</figcaption>${svg}</figure>`;
    }),
  );
}

function renderTable({ headers, rows }: SummaryTable): string {
  const head = headers.map((header) => `<th scope="col">${escapeHtml(header)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

function renderProvenance(runs: readonly ReportedRun[], { environment, command, made }: PageContext): string {
  const { device, threads } = runs[0]!.result;
  const versions = Object.entries(environment.versions).map(([name, version]) => `${name} ${version}`);
  const facts: readonly (readonly [string, string])[] = [
    [
      "Machine",
      `${environment.cpu}, ${environment.cores} cores, ${environment.memoryGiB} GiB, ${environment.platform}`,
    ],
    ["Device", `${device}, ${threads} ${threads === 1 ? "thread" : "threads"}`],
    ["Versions", versions.join(", ")],
    ["Made", made.toISOString().slice(0, 16).replace("T", " ")],
  ];
  const list = facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join("\n");
  return `<dl>${list}</dl>
<p>Make it again with</p>
<pre><code>${escapeHtml(command)}</code></pre>`;
}
