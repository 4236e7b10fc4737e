import { describe, expect, it } from "vitest";
import type { MethodName } from "../../src/experiment/methods.js";
import { performanceProfiles, scoreResults } from "../../src/experiment/score/index.js";
import { madeUpEvaluations, madeUpProtocol, madeUpResults, seeds } from "./made-up-results.js";

const never = Infinity;

/** When each method reaches SGD's values on mnist-logreg, by seed; on the other workload all do at step 20. */
const reached: Partial<Record<MethodName, readonly number[]>> = {
  sofim: [10, 20, 20, 30, never],
  sgd: [50, 50, 50, 50, 50],
  adam: [20, 20, 10, never, never],
};

const results = madeUpResults(({ budget, method, seed }) => {
  if (budget.workload !== "mnist-logreg") return { reachedAt: 20 };
  const reachedAt = reached[method]![seeds.indexOf(seed as (typeof seeds)[number])]!;
  const isAdam = method === "adam";
  return { reachedAt, given: isAdam ? { gradientEquivalents: 2.5 } : {} };
});
const scores = scoreResults(results);
const scoreOf = (method: MethodName, workload = 0) =>
  scores.workloads[workload]!.methods.find((score) => score.method === method)!;

describe("scoreResults", () => {
  it("sets the targets by the median of what the reference reached at its end", () => {
    expect(scores.workloads[0]!.targets).toEqual({ trainLoss: 0.1, testLoss: 0.2, testAccuracy: 0.9 });
    const ends = [0.5, 0.3, 0.1, 0.4, 0.2];
    const other = madeUpResults(({ method, seed }) => {
      const end = ends[seeds.indexOf(seed as (typeof seeds)[number])]!;
      const last = { step: 50, seconds: 5, trainLoss: end, loss: end + 1, accuracy: 1 - end };
      return { reachedAt: never, given: method === "sgd" ? { evaluations: [last] } : {} };
    });
    expect(scoreResults(other).workloads[0]!.targets).toEqual({
      trainLoss: 0.3,
      testLoss: 1.3,
      testAccuracy: 0.7,
    });
  });

  it("gives medians of steps, epochs, seconds and gradients to a target, a miss being infinite", () => {
    const sofim = scoreOf("sofim").timeToTarget!.testLoss;
    expect(sofim.steps).toEqual({ value: 20, low: 10, high: Infinity });
    expect(sofim.epochs).toEqual({ value: 2, low: 1, high: Infinity });
    expect(sofim.seconds).toEqual({ value: 2, low: 1, high: Infinity });
    expect(sofim.gradientEquivalents).toEqual({ value: 20, low: 10, high: Infinity });
    expect(sofim.reached).toBe(4);
    expect(scoreOf("adam").timeToTarget!.testLoss.gradientEquivalents.value).toBe(50);
    expect(scoreOf("adam").timeToTarget!.testLoss.reached).toBe(3);
  });

  it("compares runs of one seed, both having missed being a tie", () => {
    const { steps } = scoreOf("adam").comparison!.times!.trainLoss;
    // Ratios 2, 1, 1/2, never, and both missed.
    expect(steps.ratio).toEqual({ value: 1, low: 0.5, high: Infinity });
    expect([steps.wins, steps.losses, steps.ties, steps.neither]).toEqual([2, 1, 2, 1]);
    expect(steps.verdict).toBe("not told apart");
  });

  it("does not tell apart what one seed tells otherwise", () => {
    const { steps } = scoreOf("sgd").comparison!.times!.trainLoss;
    // Ratios 5, 5/2, 5/2, 5/3, and 0 where SOFIM missed.
    expect(steps.ratio).toEqual({ value: 2.5, low: 0, high: 5 });
    expect(steps.verdict).toBe("not told apart");
  });

  it("counts diverged runs, and takes their values as the worst there are", () => {
    const one = scoreResults(
      madeUpResults(({ method, seed }) =>
        method === "adam" && seed === 103
          ? { reachedAt: 10, given: { status: "diverged", evaluations: madeUpEvaluations(10).slice(0, 2) } }
          : { reachedAt: 30 },
      ),
    );
    const adam = one.workloads[0]!.methods.find(({ method }) => method === "adam")!;
    expect([adam.divergedTuning, adam.divergedReporting]).toEqual([0, 1]);
    expect(adam.finals!.testLoss).toEqual({ value: 0.2, low: 0.2, high: Infinity });
    expect(adam.finals!.testAccuracy).toEqual({ value: 0.9, low: 0, high: 0.9 });
    // It had reached the target before it diverged.
    expect(adam.timeToTarget!.testLoss.steps).toEqual({ value: 30, low: 10, high: 30 });
    expect(adam.comparison!.finalDifference.testLoss).toEqual({ value: 0, low: 0, high: Infinity });
  });

  it("takes a value that is not a number as the worst there is", () => {
    const last = { step: 50, seconds: 5, trainLoss: Number.NaN, loss: Number.NaN, accuracy: Number.NaN };
    const broken = scoreResults(
      madeUpResults(({ method }) => ({
        reachedAt: 20,
        given: method === "adam" ? { evaluations: [last] } : {},
      })),
    );
    const adam = broken.workloads[0]!.methods.find(({ method }) => method === "adam")!;
    expect(adam.finals!.trainLoss.value).toBe(Infinity);
    expect(adam.timeToTarget!.testAccuracy.reached).toBe(0);
  });

  it("knows no targets where the reference diverged", () => {
    const lost = scoreResults(
      madeUpResults(({ method }) => ({
        reachedAt: 20,
        given: method === "sgd" ? { status: "diverged" } : {},
      })),
    );
    expect(lost.workloads[0]!.targets).toBeUndefined();
    expect(lost.workloads[0]!.methods[0]!.timeToTarget).toBeUndefined();
    expect(lost.workloads[0]!.methods[0]!.finals).toBeDefined();
  });

  it("has no winner where every trial diverged", () => {
    const runs = results.runs
      .filter(({ method, phase }) => method !== "adam" || phase === "tuning")
      .map((run) => (run.method === "adam" ? { ...run, status: "diverged" as const } : run));
    const hopeless = scoreResults({ ...results, runs });
    const adam = hopeless.workloads[0]!.methods.find(({ method }) => method === "adam")!;
    expect([adam.winner, adam.missing, adam.divergedTuning]).toEqual([undefined, 0, 2]);
    expect(adam.comparison).toBeUndefined();
    expect(hopeless.missing).toBe(0);
  });

  it("says how many runs are missing, and where", () => {
    const some = scoreResults({
      ...results,
      runs: results.runs.filter(({ id }) => !id.startsWith("mnist-logreg/adam/seed-10")),
    });
    expect(some.missing).toBe(5);
    expect(some.workloads[0]!.methods.map(({ missing }) => missing)).toEqual([0, 0, 5]);
  });

  it("does not depend on the order of the lines", () => {
    expect(scoreResults({ ...results, runs: [...results.runs].reverse() }).workloads).toEqual(
      scores.workloads,
    );
  });
});

describe("performanceProfiles", () => {
  it("equal what is counted by hand", () => {
    // Medians of steps on mnist-logreg: SOFIM 20, SGD 50, Adam 20, three targets each; all 20 on glyphs-lenet5.
    expect(performanceProfiles(scores, ["sofim", "sgd", "adam"], "steps")).toEqual([
      { method: "sofim", points: [{ factor: 1, share: 1 }] },
      {
        method: "sgd",
        points: [
          { factor: 1, share: 0.5 },
          { factor: 2.5, share: 1 },
        ],
      },
      { method: "adam", points: [{ factor: 1, share: 1 }] },
    ]);
  });

  it("leave out workloads that one of the methods did not run on", () => {
    const [, sgd] = performanceProfiles(scores, ["sofim", "sgd", "momentOnly"], "steps");
    expect(sgd!.points).toEqual([{ factor: 1, share: 1 }]);
  });

  it("never count a problem that nobody solves", () => {
    const nobody = scoreResults(
      madeUpResults(({ budget, method }) => ({
        reachedAt: method === "sgd" || budget.workload !== "mnist-logreg" ? 50 : never,
      })),
    );
    const profiles = performanceProfiles(nobody, ["sofim", "adam"], "steps");
    for (const { points } of profiles) expect(points).toEqual([{ factor: 1, share: 0.5 }]);
  });
});

describe("the protocol of these tests", () => {
  it("asks for the runs that were made up", () => {
    expect(results.runs).toHaveLength(7 * (madeUpProtocol.trials + seeds.length));
    expect(scores.missing).toBe(0);
  });
});
