import type { EngineNetworkName } from "./networks.js";
import { pairTurns, type Turn } from "./rounds.js";
import { judge, type Ratio, type Target, type Verdict } from "./targets.js";

/** Names of the contestants of the engine suite. */
export const contestantNames = {
  sofim: "engine, sofim",
  sgd: "engine, sgd momentum",
  adam: "engine, adam",
  torchSofim: "PyTorch, sofim",
  torchSgd: "PyTorch, sgd momentum",
  torchChannelsLast: "PyTorch channels-last, sofim",
  wasm: "engine on wasm, sofim",
  jax: "jax-js wasm, sofim",
} as const;

type ContestantKey = keyof typeof contestantNames;

type Bound = Omit<Target, "name">;

/** What the project promises of a network, on one thread and on two. */
interface Promised {
  readonly overTorch: Bound;
  /** Seconds to trace, lower and prepare the step. */
  readonly compileSeconds?: Bound;
}

const atMost = (limit: number): Bound => ({ bound: "at most", limit });
const atLeast = (limit: number): Bound => ({ bound: "at least", limit });

const promised: Readonly<Record<EngineNetworkName, Promised>> = {
  lenet5: { overTorch: atMost(0.9), compileSeconds: atMost(1) },
  mlp: { overTorch: atMost(1) },
  resnet9: { overTorch: atMost(1), compileSeconds: atMost(5) },
};

/** The ratios of a network that the project promises something of, or that are worth knowing without. */
function listRatios(
  network: EngineNetworkName,
): readonly (readonly [name: string, over: ContestantKey, under: ContestantKey, target?: Bound])[] {
  return [
    ["engine / PyTorch, sofim", "sofim", "torchSofim", promised[network].overTorch],
    ["engine / PyTorch, sgd momentum", "sgd", "torchSgd", atMost(1)],
    ["engine sofim / sgd momentum", "sofim", "sgd", atMost(1.03)],
    ["jax-js / engine on wasm, sofim", "jax", "wasm", atLeast(20)],
    ["jax-js / engine, sofim", "jax", "sofim", atLeast(30)],
    ["engine / PyTorch channels-last, sofim", "sofim", "torchChannelsLast"],
  ];
}

/** The ratios of those that took part, paired by rounds: judged where there is a target. */
export function judgeRatios(
  network: EngineNetworkName,
  turns: ReadonlyMap<string, readonly Turn[]>,
): { readonly verdicts: readonly Verdict[]; readonly ratios: readonly Ratio[] } {
  const verdicts: Verdict[] = [];
  const ratios: Ratio[] = [];
  for (const [name, over, under, target] of listRatios(network)) {
    const [numerators, denominators] = [over, under].map((key) => turns.get(contestantNames[key]));
    if (numerators === undefined || denominators === undefined) continue;
    const measured = pairTurns(numerators, denominators);
    if (target === undefined) ratios.push({ name, measured });
    else verdicts.push(judge({ name, ...target }, measured));
  }
  return { verdicts, ratios };
}

/** The target of a network's compilation, where it has one. */
export function compileTarget(network: EngineNetworkName): Target | undefined {
  const target = promised[network].compileSeconds;
  return target && { name: "trace + lower + session, engine sofim", ...target };
}
