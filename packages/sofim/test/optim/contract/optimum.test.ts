import { beforeAll, describe, expect, it } from "vitest";
import { countBuffers, startJax } from "../jax.js";
import { type AdapterName, adapters, read } from "./adapters.js";
import { type ProblemName, problemNames, problems } from "./problems.js";
import { advance, endRun, type Run, startRun } from "./run.js";
import { rows } from "./table.js";

/** Steps between looks at where a run is. */
const STRIDE = 20;

// The engine takes a step of these sizes in a quarter of a millisecond, jax-js in up to fifty. That all take the same
// steps, from the start to the optimum, is held by same-steps.test.ts.
const cases: [AdapterName, ProblemName][] = [
  ["jax-js jit", "quadratic"],
  ...problemNames.map((problem): [AdapterName, ProblemName] => ["sofim/ort jit", problem]),
];

let liveBuffers: () => number;
beforeAll(async () => {
  await startJax();
  liveBuffers = await countBuffers();
});

/** Buffers in use once all that a run holds is computed. */
function held(run: Run): number {
  read([run.value!, run.params, run.state]);
  return liveBuffers();
}

describe.each(rows)("%s", (_name, row) => {
  it.each(cases)(
    "under %s reaches the optimum of %s, traced once, leaving no buffer",
    async (adapter, name) => {
      const before = liveBuffers();
      const { steps, isSolved } = problems[name];
      const run = startRun(row, name, adapters[adapter]);
      await advance(run, 3);
      const early = held(run);
      for (let taken = 3; taken < steps && !isSolved(read(run.params)); taken += STRIDE) {
        await advance(run, STRIDE);
      }
      expect(isSolved(read(run.params)), `ended at ${read(run.params)}`).toBe(true);
      expect(run.step.traces()).toBe(1);
      expect(held(run)).toBe(early);
      await endRun(run);
      expect(liveBuffers()).toBe(before);
    },
  );
});
