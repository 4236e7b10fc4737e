import { adam, sgd, sofim } from "sofim";
import { type EngineContestant, stepsOnEngine, stepsOnJaxJs } from "./contestants.js";
import { compileTarget, judgeRatios, contestantNames as names } from "./engine-ratios.js";
import type { EngineNetworkName } from "./networks.js";
import type { BenchProblem } from "./problem.js";
import { type Contestant, type RoundsOptions, type Turn, takeTurns } from "./rounds.js";
import { makeStepRow, type StepRow } from "./step-rows.js";
import { judgeSeconds, type Ratio, type SecondsVerdict, type Verdict } from "./targets.js";
import { type TorchInfo, TorchPeer } from "./torch-peer.js";

export interface EngineOptions extends RoundsOptions {
  readonly threads: number;
  /** A Python interpreter that has PyTorch; without one its rows are left out. */
  readonly python?: string | undefined;
  /**
   * Rounds that jax-js's own compiler takes part in, one step each, beside the engine on wasm; 0 leaves both out.
   * They are timed with one thread: jax-js has no more, and ONNX Runtime's module keeps what its first session had.
   */
  readonly jaxRounds: number;
}

/** One network on one thread count. */
export interface EngineReport {
  readonly suite: "engine";
  readonly network: EngineNetworkName;
  readonly title: string;
  readonly batchSize: number;
  readonly threads: number;
  readonly torch?: TorchInfo;
  readonly rows: readonly StepRow[];
  /** The project's targets, set for one thread and for two. */
  readonly verdicts: readonly Verdict[];
  readonly ratios: readonly Ratio[];
  /** Of SOFIM's session, the report's first. A process's first report also pays for V8's compiling of our own code. */
  readonly compile?: SecondsVerdict;
}

/** Times a network's training step (forward, backward, update) side by side on equal threads. */
export async function runEngineSuite(
  problem: BenchProblem<EngineNetworkName>,
  options: EngineOptions,
): Promise<EngineReport> {
  const { threads, python, jaxRounds } = options;
  const torch = python === undefined ? undefined : await TorchPeer.start(python, problem, threads);
  const engine = engineContestants(problem, options);
  try {
    const contestants: Contestant[] = [
      ...engine,
      ...(torch === undefined ? [] : torchContestants(torch, problem)),
    ];
    if (jaxRounds > 0) {
      contestants.push(await stepsOnJaxJs(names.jax, problem, sofim(problem.options.sofim), jaxRounds));
    }
    const turns = await takeTurns(contestants, { ...options, renew: true });
    const rows = contestants.map(({ name }) => makeRow(name, turns, engine, problem.comparedSteps));
    const target = compileTarget(problem.network);
    return {
      suite: "engine",
      network: problem.network,
      title: problem.title,
      batchSize: problem.batchSize,
      threads,
      ...(torch && { torch: torch.info }),
      rows,
      ...judgeRatios(problem.network, turns),
      ...(target && { compile: judgeSeconds(target, compileSeconds(rows[0]!)) }),
    };
  } finally {
    await Promise.all(engine.map((contestant) => contestant.dispose()));
    await torch?.dispose();
  }
}

/** SOFIM's first: what it compiles is what is judged. */
function engineContestants(problem: BenchProblem, { threads, jaxRounds }: EngineOptions): EngineContestant[] {
  const { options } = problem;
  const contestants = [
    stepsOnEngine(names.sofim, problem, sofim(options.sofim), threads),
    stepsOnEngine(names.sgd, problem, sgd(options.sgd), threads),
    stepsOnEngine(names.adam, problem, adam(options.adam), threads),
  ];
  if (jaxRounds === 0) return contestants;
  return [...contestants, stepsOnEngine(names.wasm, problem, sofim(options.sofim), 1, { device: "wasm" })];
}

function torchContestants(torch: TorchPeer, { model }: BenchProblem): Contestant[] {
  const contiguous = [
    torch.contestant(names.torchSofim, "sofim", "contiguous"),
    torch.contestant(names.torchSgd, "sgd", "contiguous"),
  ];
  // A perceptron flattens its images at once.
  if (model.name === "mlp") return contiguous;
  return [...contiguous, torch.contestant(names.torchChannelsLast, "sofim", "channelsLast")];
}

function makeRow(
  name: string,
  turns: ReadonlyMap<string, readonly Turn[]>,
  engine: readonly EngineContestant[],
  comparedSteps: number,
): StepRow {
  const contestant = engine.find((each) => each.name === name);
  // SGD's and Adam's own losses are references; the wasm device computes SOFIM's once more.
  const compared = contestant === undefined || name === names.wasm;
  const reference = turns.get(name === names.torchSgd ? names.sgd : names.sofim);
  return makeStepRow(name, turns.get(name)!, {
    engine: contestant,
    reference: compared ? reference : undefined,
    comparedSteps,
  });
}

function compileSeconds({ compile }: StepRow): number {
  const { traceSeconds, lowerSeconds, sessionSeconds } = compile!;
  return traceSeconds + lowerSeconds + sessionSeconds;
}
