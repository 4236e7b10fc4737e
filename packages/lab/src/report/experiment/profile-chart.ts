import type { TopLevelSpec } from "vega-lite";
import type { MethodName } from "../../experiment/methods.js";
import { type Profile, performanceProfiles, type Scores } from "../../experiment/score/index.js";
import { chartConfig } from "../chart-style.js";
import { drawInline } from "../svg.js";
import type { Figure } from "./document.js";
import { methodTitle } from "./format.js";
import { byMethod } from "./series.js";

/** Where curves end that would go on far: a factor of which nobody asks. */
const greatestFactor = 16;

/** The profiles of the methods in `names` by steps and by seconds; none where nothing can be compared. */
export async function drawProfiles(
  scores: Scores,
  names: readonly MethodName[],
  name: string,
): Promise<Figure[]> {
  const figures = (["steps", "seconds"] as const).map(async (cost) => {
    const profiles = performanceProfiles(scores, names, cost);
    if (profiles.every(({ points }) => points.length === 0)) return [];
    const svg = await drawInline(
      profileSpec(profiles, byMethod(scores.protocol, names)),
      `profile-${name}-${cost}`,
    );
    return [{ caption: `share of targets reached within a factor of the fewest ${cost}`, svg }];
  });
  return (await Promise.all(figures)).flat();
}

function profileSpec(profiles: readonly Profile[], series: ReturnType<typeof byMethod>): TopLevelSpec {
  const factors = profiles.flatMap(({ points }) => points.map(({ factor }) => factor));
  const end = Math.min(greatestFactor, 1.1 * Math.max(1.2, ...factors));
  const values = profiles.flatMap(({ method, points }) => {
    const last = points.at(-1);
    const onward = last === undefined ? points : [...points, { factor: end, share: last.share }];
    return onward.map((point) => ({ ...point, method: methodTitle(method) }));
  });
  return {
    width: 380,
    height: 220,
    background: "transparent",
    padding: 4,
    data: { values },
    mark: { type: "line", interpolate: "step-after", clip: true },
    encoding: {
      x: {
        field: "factor",
        type: "quantitative",
        title: "factor",
        scale: { type: "log", domain: [1, end], nice: false },
        axis: { tickCount: 6, format: "~g" },
      },
      y: {
        field: "share",
        type: "quantitative",
        title: null,
        scale: { domain: [0, 1.02], nice: false },
        axis: { tickCount: 5, format: "~%" },
      },
      ...series,
    },
    config: chartConfig,
  };
}
