import type { EngineInfo } from "sofim/ort";
import { median } from "../statistics.js";
import type { EngineContestant } from "./contestants.js";
import { roundMedians, type Turn } from "./rounds.js";

/** A contestant's training step in a report. */
export interface StepRow {
  readonly name: string;
  /** Median over rounds of a round's median. */
  readonly millisecondsPerStep: number;
  readonly rounds: number;
  /** Largest relative difference of a loss from the reference's with the same optimizer; a reference has none. */
  readonly lossDifference?: number;
  readonly compile?: Pick<EngineInfo, "compilations" | "traceSeconds" | "lowerSeconds" | "sessionSeconds">;
}

export interface StepRowOptions {
  /** The contestant itself, if it runs on the engine. */
  readonly engine?: EngineContestant | undefined;
  /** Whose losses it is to have; undefined for those that others are compared with. */
  readonly reference?: readonly Turn[] | undefined;
  /** See `NetworkDefinition`. */
  readonly comparedSteps: number;
}

/** The row of the contestant `name`, which took `turns`. */
export function makeStepRow(name: string, turns: readonly Turn[], options: StepRowOptions): StepRow {
  const { engine, reference, comparedSteps } = options;
  return {
    name,
    millisecondsPerStep: median(roundMedians(turns)),
    rounds: turns.length,
    ...(reference && { lossDifference: largestDifference(turns, reference, comparedSteps) }),
    ...(engine && { compile: compileCosts(engine) }),
  };
}

function compileCosts(contestant: EngineContestant): StepRow["compile"] & object {
  const { compilations, traceSeconds, lowerSeconds, sessionSeconds } = contestant.info();
  return { compilations, traceSeconds, lowerSeconds, sessionSeconds };
}

/** Over the first steps that both did: a contestant that computes something else shows. */
function largestDifference(own: readonly Turn[], reference: readonly Turn[], comparedSteps: number): number {
  const flat = (turns: readonly Turn[]) => turns.flatMap(({ losses }) => losses);
  const wanted = flat(reference).slice(0, comparedSteps);
  const differences = flat(own)
    .slice(0, wanted.length)
    .map((loss, i) => Math.abs(loss - wanted[i]!) / Math.abs(wanted[i]!));
  return differences.some(Number.isNaN) ? Number.NaN : Math.max(...differences);
}
