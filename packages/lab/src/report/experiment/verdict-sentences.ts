import { type MethodName, methods } from "../../experiment/methods.js";
import { methodsOf } from "../../experiment/protocol.js";
import { metrics, type Scores, type Verdict, type WorkloadScore } from "../../experiment/score/index.js";
import { listWords, methodTitle, metricTitles, workloadTitle } from "./format.js";

const verdicts: readonly Verdict[] = ["ahead", "behind", "not told apart"];

/** One sentence for each rival: where the subject is ahead, behind, and where the two are not told apart. */
export function verdictSentences(scores: Scores, cost: "steps" | "seconds"): string[] {
  const { subject } = scores.protocol;
  const rivals = methodsOf(scores.protocol).filter(
    (name) => methods[name].role === "method" && name !== subject,
  );
  return rivals.map((rival) => {
    const total = verdicts.flatMap((verdict) => placesOf(scores, rival, cost, verdict)).length;
    const parts = verdicts.flatMap((verdict) => {
      const places = placesOf(scores, rival, cost, verdict);
      if (places.length === 0) return [];
      const who = verdict === "not told apart" ? "the two are" : `${methodTitle(subject)} is`;
      const where = places.length === total ? `all ${total}` : `${places.length} (${describePlaces(places)})`;
      return [`${who} ${verdict} on ${where}`];
    });
    const left = scores.workloads.filter((workload) => isAsked(workload, rival) && !timesOf(workload, rival));
    const notCompared = left.length === 0 ? "" : ` Not compared on ${listWords(left.map(titleOf))}.`;
    if (total === 0) return `${methodTitle(rival)}: nothing to compare yet.`;
    return `${methodTitle(rival)}: of ${total} targets, ${parts.join("; ")}.${notCompared}`;
  });
}

interface Place {
  readonly workload: string;
  readonly metric: string;
}

function placesOf(scores: Scores, rival: MethodName, cost: "steps" | "seconds", verdict: Verdict): Place[] {
  return scores.workloads.flatMap((workload) =>
    metrics
      .filter((metric) => timesOf(workload, rival)?.[metric][cost].verdict === verdict)
      .map((metric) => ({ workload: titleOf(workload), metric: metricTitles[metric] })),
  );
}

function describePlaces(places: readonly Place[]): string {
  const names = [...new Set(places.map(({ workload }) => workload))];
  return names
    .map((name) => {
      const own = places.filter(({ workload }) => workload === name).map(({ metric }) => metric);
      return `${name}: ${own.length === metrics.length ? "all three" : listWords(own)}`;
    })
    .join("; ");
}

function isAsked({ budget }: WorkloadScore, rival: MethodName): boolean {
  return budget.methods.includes(rival);
}

function timesOf({ methods: scores }: WorkloadScore, rival: MethodName) {
  return scores.find(({ method }) => method === rival)?.comparison?.times;
}

function titleOf({ budget }: WorkloadScore): string {
  return workloadTitle(budget.workload);
}
