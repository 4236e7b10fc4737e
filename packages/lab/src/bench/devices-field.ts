import { numpy as np } from "@jax-js/jax";
import { sgd, sofim } from "sofim";
import { type Device, DeviceUnavailableError, jit } from "sofim/ort";
import { type EngineContestant, stepsOnEngine } from "./contestants.js";
import type { BenchProblem } from "./problem.js";
import type { Contestant } from "./rounds.js";
import { type TorchDevice, TorchPeer } from "./torch-peer.js";

/** The devices that the suite looks for; the engine's wasm device is the engine suite's. */
export const engineDevices = ["cpu", "webgpu", "cuda"] as const satisfies readonly Device[];
export const torchDevices: readonly TorchDevice[] = ["cpu", "cuda"];

/** Where steps are taken, as reports call it. */
export type Place = `engine on ${(typeof engineDevices)[number]}` | `PyTorch on ${TorchDevice}`;

/** Where nothing could be timed. */
export interface MissingPlace {
  readonly name: Place;
  readonly reason: string;
}

/** Everybody steps with each, by the key of its options in `BenchProblem`. */
export const optimizerLabels = { sofim: "sofim", sgd: "sgd momentum" } as const;

export type OptimizerKey = keyof typeof optimizerLabels;

export const optimizerKeys = Object.keys(optimizerLabels) as readonly OptimizerKey[];

export function contestantName(place: Place, optimizer: OptimizerKey): string {
  return `${place}, ${optimizerLabels[optimizer]}`;
}

/** Who takes part: an optimizer somewhere. */
export interface Entry {
  readonly contestant: Contestant;
  readonly optimizer: OptimizerKey;
  /** The same, where it runs on the engine. */
  readonly engine?: EngineContestant;
}

export interface FieldOptions {
  readonly threads: number;
  /** A Python interpreter that has PyTorch. */
  readonly python?: string | undefined;
  /** Rounds that those on a CPU take part in, one step each; default: all. */
  readonly cpuRounds?: number;
}

/** All who take part with one network, and the places that are not there. */
export class Field {
  readonly entries: Entry[] = [];
  readonly missing: MissingPlace[] = [];
  readonly peers: TorchPeer[] = [];
  readonly #problem: BenchProblem;
  readonly #options: FieldOptions;

  constructor(problem: BenchProblem, options: FieldOptions) {
    this.#problem = problem;
    this.#options = options;
  }

  async addEngine(device: (typeof engineDevices)[number]): Promise<void> {
    const place = `engine on ${device}` as const;
    const reason = await whyNoEngine(device);
    if (reason !== undefined) {
      this.missing.push({ name: place, reason });
      return;
    }
    for (const optimizer of optimizerKeys) {
      const name = contestantName(place, optimizer);
      const { options } = this.#problem;
      const update = optimizer === "sofim" ? sofim(options.sofim) : sgd(options.sgd);
      const engine = stepsOnEngine(name, this.#problem, update, this.#options.threads, { device });
      this.entries.push({ contestant: this.#paced(engine, device), optimizer, engine });
    }
  }

  /** PyTorch on the CPU comes first: it tells whether there is another. */
  async addTorch(device: TorchDevice): Promise<void> {
    const place = `PyTorch on ${device}` as const;
    const { python, threads } = this.#options;
    if (python === undefined) {
      this.missing.push({ name: place, reason: "no python3 that has torch; SOFIM_PYTHON may name one" });
      return;
    }
    if (device === "cuda" && !this.peers[0]?.info.cuda) {
      this.missing.push({ name: place, reason: "torch.cuda.is_available() is false" });
      return;
    }
    const peer = await TorchPeer.start(python, this.#problem, threads, device);
    this.peers.push(peer);
    for (const optimizer of optimizerKeys) {
      const contestant = peer.contestant(contestantName(place, optimizer), optimizer, "contiguous");
      this.entries.push({ contestant: this.#paced(contestant, device), optimizer });
    }
  }

  #paced(contestant: Contestant, device: Device): Contestant {
    const { cpuRounds } = this.#options;
    return device === "cpu" && cpuRounds !== undefined ? { ...contestant, rounds: cpuRounds } : contestant;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.entries.map(({ engine }) => engine?.dispose()));
    await Promise.all(this.peers.map((peer) => peer.dispose()));
  }
}

async function whyNoEngine(device: Device): Promise<string | undefined> {
  const trial = jit((x: np.Array) => x.add(1), { device });
  try {
    await trial(np.zeros([1]));
    return undefined;
  } catch (error) {
    if (error instanceof DeviceUnavailableError) return error.reason;
    throw error;
  } finally {
    await trial.dispose();
  }
}
