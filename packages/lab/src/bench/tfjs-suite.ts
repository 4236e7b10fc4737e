import { SofimError } from "sofim/core";
import { Random } from "../data/index.js";
import { median, pairedRatio } from "../statistics.js";
import { type Contestant, roundMedians, takeTurns } from "./rounds.js";
import { judge, type Verdict } from "./targets.js";

export interface TfjsOptions {
  /** Width of the first hidden layer of a perceptron 784 - width - 200 - 10, whose weights are stepped. */
  readonly width: number;
  readonly rounds: number;
  readonly onTurn?: (contestant: string, round: number) => void;
}

export interface TfjsReport {
  readonly suite: "tfjs";
  readonly version: string;
  readonly weights: number;
  readonly rows: readonly { readonly name: string; readonly millisecondsPerStep: number }[];
  readonly verdicts: readonly Verdict[];
}

/** A step of the cpu backend takes a tenth of a second and more, so that one a turn is enough. */
const plans = {
  cpu: { steps: 1, warmUp: 1 },
  wasm: { steps: 20, warmUp: 3 },
} as const;

/** Times the step of `SofimOptimizer` beside those of TensorFlow.js's own momentum and Adam, on given gradients. */
export async function runTfjsSuite({ width, rounds, onTurn }: TfjsOptions): Promise<TfjsReport> {
  const { tf, SofimOptimizer } = await loadTfjs();
  const shapes = [[784, width], [width], [width, 200], [200], [200, 10], [10]];
  const contestant = (name: string, optimizer: import("@tensorflow/tfjs-core").Optimizer) => {
    const variables = shapes.map((shape) => tf.tidy(() => tf.variable(tf.randomNormal(shape))));
    const gradients = variables.map((v) => ({ name: v.name, tensor: tf.randomNormal(v.shape) }));
    return {
      name,
      run: timed(() => optimizer.applyGradients(gradients)),
      dispose: () => {
        tf.dispose([variables, gradients.map(({ tensor }) => tensor)]);
        optimizer.dispose();
      },
    };
  };
  const rows: TfjsReport["rows"][number][] = [];
  const verdicts: Verdict[] = [];
  for (const backend of ["cpu", "wasm"] as const) {
    await tf.setBackend(backend);
    await tf.ready();
    const contestants = [
      contestant(`${backend}, sofim`, new SofimOptimizer()),
      contestant(`${backend}, tf.train.momentum`, tf.train.momentum(0.01, 0.9)),
      contestant(`${backend}, tf.train.adam`, tf.train.adam(0.001)),
    ] as const;
    const turns = await takeTurns(contestants, { rounds, ...plans[backend], ...(onTurn && { onTurn }) });
    for (const { dispose } of contestants) dispose();
    const times = contestants.map(({ name }) => roundMedians(turns.get(name)!));
    rows.push(...contestants.map(({ name }, i) => ({ name, millisecondsPerStep: median(times[i]!) })));
    for (const [i, limit] of [1.3, 1].entries()) {
      const name = `sofim / ${contestants[i + 1]!.name}`;
      const measured = pairedRatio(times[0]!, times[i + 1]!, new Random(1));
      verdicts.push(judge({ name, bound: "at most", limit }, measured));
    }
  }
  const weights = shapes.reduce((sum, shape) => sum + shape.reduce((product, n) => product * n), 0);
  return { suite: "tfjs", version: tf.version_core, weights, rows, verdicts };
}

/** TensorFlow.js is loaded when it is asked for, and not among what this package depends on. */
async function loadTfjs() {
  try {
    const [tf, { SofimOptimizer }] = await Promise.all([
      import("@tensorflow/tfjs-core"),
      import("sofim/tfjs"),
      import("@tensorflow/tfjs-backend-cpu"),
      import("@tensorflow/tfjs-backend-wasm"),
    ]);
    return { tf, SofimOptimizer };
  } catch (error) {
    throw new SofimError(
      "TensorFlow.js is not there: npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu " +
        `@tensorflow/tfjs-backend-wasm (${error instanceof Error ? error.message : error})`,
    );
  }
}

function timed(step: () => void): Contestant["run"] {
  return async (steps) => {
    const milliseconds: number[] = [];
    for (let i = 0; i < steps; i++) {
      const start = performance.now();
      step();
      milliseconds.push(performance.now() - start);
    }
    return { milliseconds, losses: [] };
  };
}
