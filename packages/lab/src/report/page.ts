import type { Environment } from "../environment.js";
import type { Targets, Workload } from "../workloads/workload.js";
import { seriesStyle } from "./chart-style.js";
import { chartTitle, type Progress, renderChart } from "./charts.js";
import type { Metric } from "./curves.js";
import { breakNicely, escapeHtml, renderDocument } from "./html.js";
import { renderLegend } from "./legend.js";
import type { ReportedRun } from "./run.js";
import { finalTable, targetTable } from "./summary.js";
import { renderHtmlTable } from "./table.js";

/** What a page tells besides the runs. */
export interface PageContext {
  readonly workload: Workload;
  readonly environment: Environment;
  /** The command that makes the page again. */
  readonly command: string;
  readonly made: Date;
}

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
  return renderDocument(
    title,
    `<h1>${escapeHtml(breakNicely(title))}</h1>
<p>${escapeHtml(describe(runs, workload))}</p>
<h2>Steps and seconds to each target</h2>
${renderHtmlTable(targetTable(runs, workload.targets))}
<h2>Curves</h2>
${renderLegend(
  runs.map(({ title }, index) => ({ title, style: seriesStyle(index) })),
  ["target"],
)}
<div class="charts">
${(await renderCharts(runs, workload.targets)).join("\n")}
</div>
<h2>Where the runs ended</h2>
${renderHtmlTable(finalTable(runs))}
<h2>How it was made</h2>
${renderProvenance(runs, context)}`,
  );
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

function renderCharts(runs: readonly ReportedRun[], targets: Targets): Promise<string[]> {
  const charts = metrics.flatMap((metric) => progresses.map((progress) => ({ metric, progress })));
  return Promise.all(
    charts.map(async ({ metric, progress }) => {
      const svg = await renderChart(runs, metric, progress, targets[metric]);
      return `<figure><figcaption>${escapeHtml(chartTitle(metric, progress))}</figcaption>${svg}</figure>`;
    }),
  );
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
