import { jit, numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  constantSchedule,
  cosineDecaySchedule,
  exponentialDecaySchedule,
  joinSchedules,
  linearWarmupSchedule,
  type Schedule,
  scaleByLearningRate,
  scaleBySchedule,
  stepSchedule,
} from "../../src/optim/index.js";
import { startJax, take, types } from "./jax.js";

beforeAll(startJax);

const count = (value: number) => np.array(value, { dtype: np.int32 });

const cases: [string, Schedule, (t: number) => number][] = [
  ["constant", constantSchedule(0.3), () => 0.3],
  [
    "step",
    stepSchedule(0.5, [10, 20, 1000], 0.1),
    (t) => 0.5 * 0.1 ** [10, 20, 1000].filter((b) => b <= t).length,
  ],
  ["exponential", exponentialDecaySchedule(0.5, 100, 0.9), (t) => 0.5 * 0.9 ** (t / 100)],
  [
    "cosine",
    cosineDecaySchedule(0.4, 500, 0.01),
    (t) => 0.01 + (0.39 * (1 + Math.cos(Math.PI * Math.min(t / 500, 1)))) / 2,
  ],
  ["warm-up", linearWarmupSchedule(0.4, 50, 0.1), (t) => 0.1 + 0.3 * Math.min(t / 50, 1)],
  [
    "joined",
    joinSchedules(
      [linearWarmupSchedule(0.4, 50), cosineDecaySchedule(0.4, 300), constantSchedule(0.05)],
      [50, 350],
    ),
    (t) => (t < 50 ? (0.4 * t) / 50 : t < 350 ? 0.2 * (1 + Math.cos((Math.PI * (t - 50)) / 300)) : 0.05),
  ],
];

describe.each(cases)("the %s schedule", (_name, schedule, formula) => {
  it("is its formula", () => {
    for (const t of [0, 1, 9, 10, 11, 19, 20, 49, 50, 51, 150, 349, 350, 499, 500, 501, 999, 1000, 100_000]) {
      const value = schedule(count(t));
      expect(types(value)).toEqual(["float32[]"]);
      const actual = value.item();
      // Relative to the initial value: near the end of a cosine float32 has no more digits to give.
      expect(Math.abs(actual - formula(t)), `${actual} vs ${formula(t)} at ${t}`).toBeLessThanOrEqual(
        1e-6 * 0.5,
      );
    }
  });

  it("traces, and consumes its count", () => {
    const traced = jit(schedule);
    const t = count(12);
    expect(traced(t).item()).toBeCloseTo(formula(12), 6);
    expect(t.refCount).toBe(0);
    traced.dispose();
  });
});

describe("scaleBySchedule", () => {
  it("counts in its state and keeps the sign; scaleByLearningRate turns it", () => {
    for (const [optimizer, sign] of [
      [scaleBySchedule(stepSchedule(1, [2], 0.5)), 1],
      [scaleByLearningRate(stepSchedule(1, [2], 0.5)), -1],
    ] as const) {
      let state = optimizer.init(np.zeros([1]));
      const seen: number[] = [];
      for (let i = 0; i < 4; i++) {
        const [updates, next] = optimizer.update(np.array([3]), state);
        seen.push(...take(updates));
        state = next;
      }
      expect(seen).toEqual([3, 3, 1.5, 1.5].map((x) => sign * x));
      // scaleByLearningRate also keeps the last rate, for logs.
      expect(types(state)).toEqual(["int32[]", "float32[]"].slice(0, sign === 1 ? 1 : 2));
      expect(take(state)).toEqual([4, 0.5].slice(0, sign === 1 ? 1 : 2));
    }
  });
});

describe("schedules reject", () => {
  it.each([
    ["value", () => constantSchedule(Number.NaN)],
    ["initialValue", () => cosineDecaySchedule(-1, 10)],
    ["decaySteps", () => cosineDecaySchedule(1, 0)],
    ["finalValue", () => cosineDecaySchedule(1, 10, Number.NaN)],
    ["decayRate", () => exponentialDecaySchedule(1, 10, 0)],
    ["warmupSteps", () => linearWarmupSchedule(1, 1.5)],
    ["peakValue", () => linearWarmupSchedule(Number.POSITIVE_INFINITY, 10)],
    ["factor", () => stepSchedule(1, [1], -1)],
    ["boundaries[1]", () => stepSchedule(1, [10, 10], 0.1)],
    ["boundaries", () => joinSchedules([constantSchedule(1)], [1])],
    ["schedules", () => joinSchedules([], [])],
    ["schedule", () => scaleBySchedule(0.1 as never)],
  ])("a wrong %s", (argument, make) => {
    expect(make).toThrow(expect.objectContaining({ name: "InvalidArgumentError", argument }));
  });
});

describe("an optimizer with a schedule", () => {
  it("is traced once", () => {
    const optimizer = scaleByLearningRate(cosineDecaySchedule(1, 10));
    let traces = 0;
    const step = jit((g: np.Array, state: ReturnType<typeof optimizer.init>) => {
      traces++;
      return optimizer.update(g, state) as never;
    });
    let state = optimizer.init(np.zeros([1]));
    for (let i = 0; i < 3; i++) {
      const [updates, next] = step(np.array([1], { dtype: np.float32 }), state) as unknown as [
        np.Array,
        typeof state,
      ];
      updates.dispose();
      state = next;
    }
    tree.dispose(state);
    step.dispose();
    expect(traces).toBe(1);
  });
});
