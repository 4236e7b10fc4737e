import { adam, sgd, sofim } from "sofim";
import type { EngineInfo } from "sofim/ort";
import { Random } from "../data/index.js";
import { median, pairedRatio } from "../statistics.js";
import { type EngineContestant, lenetOnEngine, lenetOnJaxJs } from "./lenet-contestants.js";
import type { LeNetProblem } from "./lenet-problem.js";
import { type Contestant, type RoundsOptions, roundMedians, type Turn, takeTurns } from "./rounds.js";
import { judge, type Target, type Verdict } from "./targets.js";
import { TorchPeer } from "./torch-peer.js";

export interface EngineOptions extends RoundsOptions {
  readonly threads: number;
  /** A Python interpreter that has PyTorch; without one its rows are left out. */
  readonly python?: string | undefined;
  /** Rounds that jax-js's own compiler takes part in, one step each (it has one thread); 0 leaves it out. */
  readonly jaxRounds: number;
}

export interface EngineRow {
  readonly name: string;
  /** Median over rounds of a round's median. */
  readonly millisecondsPerStep: number;
  readonly rounds: number;
  /** Largest relative difference of a loss from the engine's with the same optimizer. */
  readonly lossDifference?: number;
  readonly compile?: Pick<EngineInfo, "traceSeconds" | "lowerSeconds" | "sessionSeconds">;
}

export interface EngineReport {
  readonly suite: "engine";
  readonly threads: number;
  readonly torch?: string;
  readonly rows: readonly EngineRow[];
  /** The project's targets, all set for one thread. */
  readonly verdicts: readonly Verdict[];
}

const ours = "engine, sofim";
const peers = {
  sgd: "engine, sgd momentum",
  adam: "engine, adam",
  torch: "PyTorch, sofim",
  torchSgd: "PyTorch, sgd momentum",
  torchChannelsLast: "PyTorch channels-last, sofim",
  wasm: "engine on wasm, sofim",
  jax: "jax-js wasm, sofim",
} as const;

/** Ratios reported, with what the project promises of them; both members are looked up by row name. */
const ratios: readonly (Target & { readonly over: string; readonly under: string })[] = [
  { name: "engine / PyTorch, sofim", over: ours, under: peers.torch, bound: "at most", limit: 1 },
  {
    name: "engine / PyTorch, sgd momentum",
    over: peers.sgd,
    under: peers.torchSgd,
    bound: "at most",
    limit: 1,
  },
  {
    name: "engine / PyTorch channels-last, sofim",
    over: ours,
    under: peers.torchChannelsLast,
    bound: "at most",
    limit: 1,
  },
  { name: "engine sofim / sgd momentum", over: ours, under: peers.sgd, bound: "at most", limit: 1.05 },
  {
    name: "jax-js / engine on wasm, sofim",
    over: peers.jax,
    under: peers.wasm,
    bound: "at least",
    limit: 20,
  },
  { name: "jax-js / engine, sofim", over: peers.jax, under: ours, bound: "at least", limit: 30 },
];

/** Times a LeNet-5 training step (forward, backward, update) side by side on equal threads. */
export async function runEngineSuite(problem: LeNetProblem, options: EngineOptions): Promise<EngineReport> {
  const { threads, python, jaxRounds } = options;
  const torch = python === undefined ? undefined : await TorchPeer.start(python, problem, threads);
  const engine = [
    lenetOnEngine(ours, problem, sofim(problem.options.sofim), threads),
    lenetOnEngine(peers.sgd, problem, sgd(problem.options.sgd), threads),
    lenetOnEngine(peers.adam, problem, adam(problem.options.adam), threads),
    // Its threads are those of the process's first session, so it is timed with one.
    ...(threads === 1
      ? [lenetOnEngine(peers.wasm, problem, sofim(problem.options.sofim), 1, { device: "wasm" })]
      : []),
  ];
  try {
    const contestants: Contestant[] = [...engine, ...(torch === undefined ? [] : torchContestants(torch))];
    if (jaxRounds > 0) {
      const optimizer = sofim(problem.options.sofim);
      contestants.push(await lenetOnJaxJs(peers.jax, problem, optimizer, jaxRounds));
    }
    const turns = await takeTurns(contestants, options);
    return {
      suite: "engine",
      threads,
      ...(torch && { torch: torch.version }),
      rows: contestants.map(({ name }) => makeRow(name, turns, engine)),
      verdicts: makeVerdicts(turns),
    };
  } finally {
    await Promise.all(engine.map((contestant) => contestant.dispose()));
    await torch?.dispose();
  }
}

function torchContestants(torch: TorchPeer): Contestant[] {
  return [
    torch.contestant(peers.torch, "sofim", "contiguous"),
    torch.contestant(peers.torchSgd, "sgd", "contiguous"),
    torch.contestant(peers.torchChannelsLast, "sofim", "channelsLast"),
  ];
}

function makeRow(name: string, turns: Map<string, Turn[]>, engine: readonly EngineContestant[]): EngineRow {
  const own = turns.get(name)!;
  const compiled = engine.find((contestant) => contestant.name === name)?.info();
  const reference = turns.get(name.endsWith("sgd momentum") ? peers.sgd : ours)!;
  return {
    name,
    millisecondsPerStep: median(roundMedians(own)),
    rounds: own.length,
    ...(compiled === undefined && { lossDifference: largestDifference(own, reference) }),
    ...(compiled && {
      compile: {
        traceSeconds: compiled.traceSeconds,
        lowerSeconds: compiled.lowerSeconds,
        sessionSeconds: compiled.sessionSeconds,
      },
    }),
  };
}

function makeVerdicts(turns: Map<string, Turn[]>): Verdict[] {
  return ratios.flatMap(({ over, under, ...target }) => {
    const [numerators, denominators] = [turns.get(over), turns.get(under)];
    if (numerators === undefined || denominators === undefined) return [];
    const rounds = Math.min(numerators.length, denominators.length);
    const measured = pairedRatio(
      roundMedians(numerators).slice(0, rounds),
      roundMedians(denominators).slice(0, rounds),
      new Random(1),
    );
    return [judge(target, measured)];
  });
}

/** Over the steps that both did from the start: a contestant that computes something else shows. */
function largestDifference(own: readonly Turn[], reference: readonly Turn[]): number {
  const flat = (turns: readonly Turn[]) => turns.flatMap(({ losses }) => losses);
  const wanted = flat(reference);
  const differences = flat(own)
    .slice(0, comparedSteps)
    .map((loss, i) => Math.abs(loss - wanted[i]!) / Math.abs(wanted[i]!));
  return differences.some(Number.isNaN) ? Number.NaN : Math.max(...differences);
}

/** Later losses differ by more than rounding because training amplifies it. */
const comparedSteps = 10;
