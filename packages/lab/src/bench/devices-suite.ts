import {
  contestantName,
  type Entry,
  engineDevices,
  Field,
  type FieldOptions,
  type MissingPlace,
  type OptimizerKey,
  optimizerKeys,
  optimizerLabels,
  type Place,
  torchDevices,
} from "./devices-field.js";
import type { NetworkName } from "./networks.js";
import type { BenchProblem } from "./problem.js";
import { pairTurns, type RoundsOptions, type Turn, takeTurns } from "./rounds.js";
import { makeStepRow, type StepRow } from "./step-rows.js";
import type { Ratio } from "./targets.js";
import type { TorchInfo } from "./torch-peer.js";

export type DevicesOptions = RoundsOptions & FieldOptions;

/** One network on all devices that are there. */
export interface DevicesReport {
  readonly suite: "devices";
  readonly network: NetworkName;
  readonly title: string;
  readonly batchSize: number;
  readonly threads: number;
  readonly torch?: TorchInfo;
  /** Losses are compared with those of the engine on the CPU. */
  readonly rows: readonly StepRow[];
  readonly ratios: readonly Ratio[];
  readonly missing: readonly MissingPlace[];
}

/** Times a network's training step on every device that is there, on the engine and in PyTorch, in turns. */
export async function runDevicesSuite(
  problem: BenchProblem,
  options: DevicesOptions,
): Promise<DevicesReport> {
  const field = new Field(problem, options);
  try {
    for (const device of engineDevices) await field.addEngine(device);
    for (const device of torchDevices) await field.addTorch(device);
    const contestants = field.entries.map(({ contestant }) => contestant);
    // Compiles: those with few rounds have no steps to warm up.
    for (const contestant of contestants) await contestant.run(1);
    const turns = await takeTurns(contestants, options);
    const [torch] = field.peers;
    return {
      suite: "devices",
      network: problem.network,
      title: problem.title,
      batchSize: problem.batchSize,
      threads: options.threads,
      ...(torch && { torch: torch.info }),
      rows: field.entries.map((entry) => makeRow(entry, turns, problem.comparedSteps)),
      ratios: makeRatios(turns),
      missing: field.missing,
    };
  } finally {
    await field.dispose();
  }
}

function makeRow(
  { contestant, optimizer, engine }: Entry,
  turns: ReadonlyMap<string, readonly Turn[]>,
  comparedSteps: number,
): StepRow {
  const { name } = contestant;
  const reference = contestantName("engine on cpu", optimizer);
  return makeStepRow(name, turns.get(name)!, {
    engine,
    reference: name === reference ? undefined : turns.get(reference),
    comparedSteps,
  });
}

type ListedRatio = readonly [name: string, over: string, under: string];

const listedRatios: readonly ListedRatio[] = [
  ...optimizerKeys.map((optimizer) => betweenPlaces("engine on webgpu", "engine on cpu", optimizer)),
  ...optimizerKeys.map((optimizer) => betweenPlaces("engine on webgpu", "PyTorch on cuda", optimizer)),
  [
    "engine on webgpu, sofim / sgd momentum",
    contestantName("engine on webgpu", "sofim"),
    contestantName("engine on webgpu", "sgd"),
  ],
];

function betweenPlaces(over: Place, under: Place, optimizer: OptimizerKey): ListedRatio {
  const name = `${over} / ${under}, ${optimizerLabels[optimizer]}`;
  return [name, contestantName(over, optimizer), contestantName(under, optimizer)];
}

/** Of those that took part. */
function makeRatios(turns: ReadonlyMap<string, readonly Turn[]>): Ratio[] {
  return listedRatios.flatMap(([name, over, under]) => {
    const [numerators, denominators] = [turns.get(over), turns.get(under)];
    if (numerators === undefined || denominators === undefined) return [];
    return { name, measured: pairTurns(numerators, denominators) };
  });
}
