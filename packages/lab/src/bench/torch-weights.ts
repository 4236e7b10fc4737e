import { numpy as np } from "@jax-js/jax";
import type { ModelParams } from "../models/index.js";

/** One tensor of a PyTorch checkpoint. */
export interface TorchTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What PyTorch calls the parts of a convolution with its normalization. */
const normalizedParts: Readonly<Record<string, string>> = {
  weight: "conv.weight",
  scale: "norm.weight",
  bias: "norm.bias",
};

/** Weights as PyTorch lays them out (dense weights are [out, in]), one after another. Consumes them. */
export async function toTorchWeights(
  params: ModelParams,
): Promise<{ tensors: TorchTensor[]; data: Uint8Array }> {
  const tensors: TorchTensor[] = [];
  const chunks: Uint8Array[] = [];
  for (const [layer, parts] of Object.entries(params)) {
    for (const [part, value] of Object.entries<np.Array>(parts)) {
      const name = "scale" in parts ? normalizedParts[part]! : part;
      const tensor = value.ndim === 2 ? np.transpose(value) : value;
      tensors.push({ name: `${layer}.${name}`, shape: tensor.shape });
      const values = await tensor.data();
      chunks.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
  }
  return { tensors, data: Buffer.concat(chunks) };
}
