import { beforeAll, describe, it } from "vitest";
import { expectClose } from "../../core/helpers.js";
import { startJax } from "../jax.js";
import { adapters, read } from "./adapters.js";
import { problemNames } from "./problems.js";
import { advance, endRun, type Run, startRun } from "./run.js";
import { rows } from "./table.js";

beforeAll(startJax);

describe.each(rows)("%s", (_name, row) => {
  it.each(problemNames)(
    "takes the same steps on every adapter, at the start of %s and later",
    async (name) => {
      const engine = startRun(row, name, adapters["sofim/ort jit"]);
      for (const before of [0, 40]) {
        await advance(engine, before);
        const jit = startRun(row, name, adapters["jax-js jit"], engine);
        const eager = startRun(row, name, adapters["jax-js"], engine);
        for (const run of [engine, jit, eager]) await advance(run, 1);
        expectClose(reached(eager), reached(jit), 1e-6);
        expectClose(reached(engine), reached(jit), 1e-5);
        await endRun(jit);
        await endRun(eager);
      }
      await endRun(engine);
    },
  );
});

/** Loss before the step and parameters after it. */
function reached(run: Run): number[] {
  return [...read(run.value!), ...read(run.params)];
}
