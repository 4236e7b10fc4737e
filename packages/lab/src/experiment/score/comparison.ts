import type { Estimate } from "../../statistics.js";
import type { Targets } from "../../workloads/workload.js";
import type { RunLine } from "../run-line.js";
import { estimate } from "./estimates.js";
import { finalValues, type Metric } from "./run-groups.js";
import { perMetric, type Spent, spentToTargets } from "./targets.js";

/** How the subject of a protocol stands against another method. */
export type Verdict = "ahead" | "behind" | "not told apart";

/** With fewer pairs, all of them agree by chance more often than once in sixteen. */
export const fewestPairs = 5;

/**
 * The times of two methods to one target, paired by seed.
 *
 * The ratio of a pair is the other method's time over the subject's: infinite if only the other missed the target, 0 if
 * only the subject did, and 1 if both did, a tie. The subject is ahead if the 95 % interval of the median ratio lies above
 * 1, behind if it lies below; otherwise, and with fewer than `fewestPairs` pairs, the two are not told apart.
 */
export interface PairedTimes {
  readonly ratio: Estimate;
  /** Pairs in which the subject needed less, more, or as much. */
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Pairs in which both missed the target; they are ties too. */
  readonly neither: number;
  readonly verdict: Verdict;
}

/** A method against the subject, on one workload. */
export interface Comparison {
  /** Seeds that both have runs of. */
  readonly pairs: number;
  readonly times: Readonly<Record<Metric, Readonly<Record<"steps" | "seconds", PairedTimes>>>> | undefined;
  /** The other method's final value less the subject's. */
  readonly finalDifference: Readonly<Record<Metric, Estimate>>;
}

/**
 * Compares a method with the subject, run by run.
 *
 * @param targets - undefined where the workload has none: then there are no times
 * @returns undefined if no seed has runs of both
 */
export function compare(
  other: readonly RunLine[],
  subject: readonly RunLine[],
  targets: Targets | undefined,
): Comparison | undefined {
  const pairs = other.flatMap((run) => {
    const partner = subject.find(({ seed }) => seed === run.seed);
    return partner === undefined ? [] : [{ other: run, subject: partner }];
  });
  if (pairs.length === 0) return undefined;
  return {
    pairs: pairs.length,
    times: targets && compareTimes(pairs, targets),
    finalDifference: perMetric((metric) =>
      estimate(
        pairs.map((pair) => difference(finalValues(pair.other)[metric], finalValues(pair.subject)[metric])),
      ),
    ),
  };
}

type Pair<T> = { readonly other: T; readonly subject: T };

function compareTimes(pairs: readonly Pair<RunLine>[], targets: Targets) {
  const spent = pairs.map(({ other, subject }) => ({
    other: spentToTargets(other, targets),
    subject: spentToTargets(subject, targets),
  }));
  return perMetric((metric) => {
    const by = (cost: keyof Spent) =>
      pairTimes(
        spent.map(({ other, subject }) => ({ other: other[metric][cost], subject: subject[metric][cost] })),
      );
    return { steps: by("steps"), seconds: by("seconds") };
  });
}

/** Judges the times of runs that are paired, at least one pair. */
export function pairTimes(times: readonly Pair<number>[]): PairedTimes {
  const ratios = times.map(({ other, subject }) => (other === subject ? 1 : other / subject));
  const ratio = estimate(ratios);
  const count = (holds: (ratio: number) => boolean) => ratios.filter(holds).length;
  return {
    ratio,
    wins: count((r) => r > 1),
    losses: count((r) => r < 1),
    ties: count((r) => r === 1),
    neither: times.filter(({ other, subject }) => other === Infinity && subject === Infinity).length,
    verdict: judge(ratio, times.length),
  };
}

function judge({ low, high }: Estimate, pairs: number): Verdict {
  if (pairs < fewestPairs) return "not told apart";
  if (low > 1) return "ahead";
  return high < 1 ? "behind" : "not told apart";
}

/** Equal infinities differ by nothing. */
function difference(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
