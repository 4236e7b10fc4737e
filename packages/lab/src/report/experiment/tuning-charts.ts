import type { TopLevelSpec } from "vega-lite";
import { finalLoss } from "../../experiment/plan.js";
import type { MethodScore, WorkloadScore } from "../../experiment/score/index.js";
import { findWorkload } from "../../workloads/workloads.js";
import { chartConfig } from "../chart-style.js";
import { drawInline } from "../svg.js";
import type { Figure } from "./document.js";
import { methodTitle } from "./format.js";

/** How trials are drawn, in words. */
export const trialLegend =
  "Blue dots had a constant step, orange triangles a cosine schedule; grey crosses, at the top, diverged or did no better than guessing. The winner has a ring.";

const trialKinds = ["constant step", "cosine", "no better than guessing"] as const;
const kindColors = ["#1a84c7", "#d55e00", "#7d8590"];
const kindShapes = ["circle", "triangle-up", "cross"];

/** The trials of every method on one workload: validation loss against learning rate. */
export function drawTrials({ budget, methods: scores }: WorkloadScore): Promise<Figure[]> {
  const guessing = Math.log(findWorkload(budget.workload).model.classes);
  const losses = scores.flatMap(({ tuning }) => tuning.map(finalLoss));
  const least = Math.min(guessing / 2, ...losses.filter((loss) => loss > 0));
  const tried = scores.filter(({ tuning }) => tuning.length > 0);
  return Promise.all(
    tried.map(async (score) => ({
      caption: methodTitle(score.method),
      svg: await drawInline(
        trialSpec(score, [least / 1.1, guessing]),
        `trials-${budget.workload}-${score.method}`,
      ),
    })),
  );
}

function trialSpec({ tuning, winner }: MethodScore, domain: [number, number]): TopLevelSpec {
  const values = tuning.map((run) => {
    const loss = finalLoss(run);
    const failed = !(loss < domain[1]);
    return {
      learningRate: run.options.learningRate,
      loss: failed ? domain[1] : loss,
      kind: failed ? trialKinds[2] : run.options.schedule === "cosine" ? trialKinds[1] : trialKinds[0],
      won: run.id === winner?.id,
    };
  });
  const x = {
    field: "learningRate",
    type: "quantitative" as const,
    title: "learning rate",
    scale: { type: "log" as const, nice: false, padding: 8 },
    axis: { tickCount: 3, format: "~g" },
  };
  const y = {
    field: "loss",
    type: "quantitative" as const,
    title: null,
    scale: { type: "log" as const, domain, nice: false },
    axis: { tickCount: 4, format: "~g" },
  };
  const kinds = <T>(range: T[]) => ({
    field: "kind",
    type: "nominal" as const,
    scale: { domain: [...trialKinds], range },
    legend: null,
  });
  return {
    width: 150,
    height: 110,
    background: "transparent",
    padding: 3,
    data: { values },
    layer: [
      {
        mark: { type: "point", filled: true, size: 42, opacity: 0.9 },
        encoding: { x, y, color: kinds(kindColors), shape: kinds(kindShapes) },
      },
      {
        transform: [{ filter: "datum.won" }],
        mark: {
          type: "point",
          shape: "circle",
          filled: false,
          size: 190,
          strokeWidth: 1.75,
          color: "currentColor",
        },
        encoding: { x, y },
      },
    ],
    config: chartConfig,
  };
}
