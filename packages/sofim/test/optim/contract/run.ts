import { tree } from "@jax-js/jax";
import { type ArrayTree, type OptState, trainingStep } from "../../../src/optim/index.js";
import { type Adapter, type Compiled, save } from "./adapters.js";
import { type ProblemName, problems } from "./problems.js";
import type { Row } from "./table.js";

/** An optimizer at work on a problem: what a training loop holds. */
export interface Run {
  params: ArrayTree;
  state: OptState;
  /** The loss before the last step. */
  value?: ArrayTree;
  readonly step: Compiled<[ArrayTree, OptState], [ArrayTree, ArrayTree, OptState]>;
}

/** Starts a row's optimizer on a problem; `from` continues from where another run stood. */
export function startRun(row: Row, name: ProblemName, adapter: Adapter, from?: Run): Run {
  const { makeParams, loss, rho, steps } = problems[name];
  const optimizer = row.make({ learningRate: row.rates[name], rho, steps });
  const step = adapter.compile(trainingStep(loss, optimizer) as never) as Run["step"];
  if (from !== undefined) {
    return { step, params: adapter.load(save(from.params)), state: adapter.load(save(from.state)) };
  }
  const params = makeParams();
  const state = optimizer.init(tree.ref(params));
  const run = { step, params: adapter.load(save(params)), state: adapter.load(save(state)) };
  tree.dispose([params, state]);
  return run;
}

export async function advance(run: Run, steps: number): Promise<void> {
  for (let i = 0; i < steps; i++) {
    const [value, params, state] = await run.step(run.params, run.state);
    tree.dispose(run.value);
    Object.assign(run, { value, params, state });
  }
}

/** Gives back all that a run holds. */
export async function endRun(run: Run): Promise<void> {
  tree.dispose([run.value, run.params, run.state].filter((x) => x !== undefined));
  await run.step.dispose();
}
