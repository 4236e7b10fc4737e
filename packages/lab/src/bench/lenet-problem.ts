import { numpy as np } from "@jax-js/jax";
import { gatherBatch, loadDataset, Random } from "../data/index.js";
import { lenet5, type Model, type ModelParams } from "../models/index.js";

/** One tensor of a PyTorch checkpoint. */
export interface TorchTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

const batchSize = 128;
const batchCount = 8;
const pixels = 28 * 28;

/** LeNet-5 on the embedded digits: one set of weights and of minibatches for every contestant. */
export class LeNetProblem {
  readonly batchSize = batchSize;
  readonly model: Model = lenet5({ inputShape: [1, 28, 28], classes: 10 });
  /** Options by the library's names, the same for all engines. */
  readonly options = {
    sofim: { learningRate: 0.05, beta: 0.9, rho: 0.1 },
    sgd: { learningRate: 0.02, momentum: 0.9 },
    adam: { learningRate: 0.001, b1: 0.9, b2: 0.999, eps: 1e-8 },
  } as const;
  /** [batches * batchSize, 1, 28, 28], normalized, and [batches * batchSize]. */
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;

  private constructor(images: Float32Array<ArrayBuffer>, labels: Int32Array<ArrayBuffer>) {
    this.images = images;
    this.labels = labels;
  }

  static async create(): Promise<LeNetProblem> {
    const { train } = await loadDataset("glyphs");
    const count = batchSize * batchCount;
    const indices = Uint32Array.from({ length: count }, (_, i) => i);
    const images = new Float32Array(count * pixels);
    const labels = new Int32Array(count);
    gatherBatch(train, indices, { mean: [0.1307], std: [0.3081] }, images, labels);
    return new LeNetProblem(images, labels);
  }

  /** The initial weights, fresh arrays of equal values at each call. */
  initialParams(): ModelParams {
    return this.model.init(new Random(1));
  }

  /** The host's copy of minibatch `index`, counted on past the end from the start. */
  batch(index: number): { images: Float32Array<ArrayBuffer>; labels: Int32Array<ArrayBuffer> } {
    const first = (index % batchCount) * batchSize;
    const last = first + batchSize;
    return {
      images: this.images.slice(first * pixels, last * pixels),
      labels: this.labels.slice(first, last),
    };
  }

  /** The initial weights as PyTorch lays them out (dense weights are [out, in]), one after another. */
  async torchWeights(): Promise<{ tensors: TorchTensor[]; data: Uint8Array }> {
    const tensors: TorchTensor[] = [];
    const chunks: Uint8Array[] = [];
    for (const [layer, { weight, bias }] of Object.entries(this.initialParams())) {
      for (const [part, tensor] of [
        ["weight", weight.ndim === 2 ? np.transpose(weight) : weight],
        ["bias", bias],
      ] as const) {
        tensors.push({ name: `${layer}.${part}`, shape: tensor.shape });
        const values = await tensor.data();
        chunks.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
    }
    return { tensors, data: Buffer.concat(chunks) };
  }
}
