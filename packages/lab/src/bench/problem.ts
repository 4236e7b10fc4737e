import { Random } from "../data/index.js";
import type { AnyModel, ModelParams } from "../models/index.js";
import { type ImagePool, type NetworkDefinition, type NetworkName, networks } from "./networks.js";

/** One minibatch on the host: images [batchSize, channels, height, width] and labels [batchSize]. */
export type HostBatch = ImagePool;

/** Minibatches that a problem has. */
export const batchCount = 8;

/** A network with one set of weights and of minibatches for every contestant. */
export class BenchProblem<Name extends NetworkName = NetworkName> {
  readonly network: Name;
  readonly title: string;
  readonly model: AnyModel;
  readonly batchSize: number;
  readonly comparedSteps: number;
  /** Options by the library's names, the same for all engines. */
  readonly options: NetworkDefinition["options"];
  /** All minibatches, one after another. */
  readonly pool: ImagePool;

  private constructor(network: Name, definition: NetworkDefinition, pool: ImagePool) {
    this.network = network;
    this.title = definition.title;
    this.model = definition.model;
    this.batchSize = definition.batchSize;
    this.comparedSteps = definition.comparedSteps;
    this.options = definition.options;
    this.pool = pool;
  }

  static async create<Name extends NetworkName>(network: Name): Promise<BenchProblem<Name>> {
    const definition = networks[network];
    return new BenchProblem(network, definition, await definition.images(definition.batchSize * batchCount));
  }

  /** The initial weights, fresh arrays of equal values at each call. */
  initialParams(): ModelParams {
    return this.model.init(new Random(1));
  }

  /** A copy of minibatch `index`, counted on past the end from the start. */
  batch(index: number): HostBatch {
    const pixels = this.model.inputShape.reduce((product, dim) => product * dim, 1);
    const first = (index % batchCount) * this.batchSize;
    const last = first + this.batchSize;
    return {
      images: this.pool.images.slice(first * pixels, last * pixels),
      labels: this.pool.labels.slice(first, last),
    };
  }
}
