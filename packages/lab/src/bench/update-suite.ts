import { Random } from "../data/index.js";
import { median, pairedRatio, slope } from "../statistics.js";
import { roundMedians, type Turn, takeTurns } from "./rounds.js";
import { judge, type Verdict } from "./targets.js";
import {
  arrayUpdates,
  engineUpdates,
  type Runner,
  type UpdateContestant,
  type UpdateName,
  updateOnArrays,
  updateOnEngine,
} from "./update-contestants.js";

export interface UpdateOptions {
  /** Numbers of weights, two or more. */
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly onTurn?: (contestant: string, round: number) => void;
}

/** One optimizer's update at one size. */
export interface UpdateRow {
  readonly runner: Runner;
  readonly update: UpdateName;
  readonly size: number;
  readonly nanosecondsPerWeight: number;
  readonly stateBytesPerWeight: number;
}

/** How an update's time grows: `exponent` p of the fit time ~ size^p, where 1 is linear. */
export interface Growth {
  readonly runner: Runner;
  readonly update: UpdateName;
  readonly exponent: number;
}

export interface UpdateReport {
  readonly suite: "update";
  readonly rows: readonly UpdateRow[];
  readonly growth: readonly Growth[];
  readonly verdicts: readonly Verdict[];
}

/** A turn updates about this many weights in all, in at most so many steps. */
const weightsPerTurn = 2e7;
const stepsPerTurn = 200;

/** Times the isolated update of SOFIM beside those of SGD with momentum and Adam, on one thread. */
export async function runUpdateSuite(options: UpdateOptions): Promise<UpdateReport> {
  const rows: UpdateRow[] = [];
  const verdicts: Verdict[] = [];
  for (const size of options.sizes) {
    const random = new Random(1);
    const weights = Float32Array.from({ length: size }, () => random.uniform(-0.1, 0.1));
    const gradient = Float32Array.from({ length: size }, () => random.uniform(-0.01, 0.01));
    const arrays = arrayUpdates.map((update) => updateOnArrays(update, weights, gradient));
    const engine = await Promise.all(
      engineUpdates.map((update) => updateOnEngine(update, weights, gradient)),
    );
    for (const contestants of [arrays, engine]) {
      const turns = await time(contestants, size, options);
      rows.push(...contestants.map((contestant) => makeRow(contestant, size, turns)));
      verdicts.push(...makeVerdicts(contestants, size, turns));
    }
  }
  return { suite: "update", rows, growth: fitGrowth(rows), verdicts };
}

async function time(
  contestants: readonly UpdateContestant[],
  size: number,
  { rounds, onTurn }: UpdateOptions,
): Promise<Map<string, Turn[]>> {
  const steps = Math.min(stepsPerTurn, Math.max(1, Math.round(weightsPerTurn / size)));
  try {
    return await takeTurns(contestants, { rounds, steps, warmUp: 1, ...(onTurn && { onTurn }) });
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.dispose()));
  }
}

function makeRow(contestant: UpdateContestant, size: number, turns: Map<string, Turn[]>): UpdateRow {
  return {
    runner: contestant.runner,
    update: contestant.update,
    size,
    nanosecondsPerWeight: (median(roundMedians(turns.get(contestant.name)!)) * 1e6) / size,
    stateBytesPerWeight: contestant.stateBytes / size,
  };
}

function makeVerdicts(
  contestants: readonly UpdateContestant[],
  size: number,
  turns: Map<string, Turn[]>,
): Verdict[] {
  const [own, ...others] = contestants.map(({ name }) => roundMedians(turns.get(name)!));
  return others.map((times, i) => {
    const { runner, update } = contestants[i + 1]!;
    const name = `${runner}, ${size.toExponential()} weights: sofim / ${update}`;
    const limit = update === "adam" ? 1 : 1.4;
    return judge({ name, bound: "at most", limit }, pairedRatio(own!, times, new Random(1)));
  });
}

function fitGrowth(rows: readonly UpdateRow[]): Growth[] {
  const updates = { arrays: arrayUpdates, engine: engineUpdates } as const;
  return (["arrays", "engine"] as const).flatMap((runner) =>
    updates[runner].map((update) => {
      const own = rows.filter((row) => row.runner === runner && row.update === update);
      const sizes = own.map(({ size }) => Math.log(size));
      const times = own.map(({ size, nanosecondsPerWeight }) => Math.log(size * nanosecondsPerWeight));
      return { runner, update, exponent: slope(sizes, times) };
    }),
  );
}
