import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { numpy as np } from "@jax-js/jax";
import { gatherBatch, type ImageSet } from "../../src/data/index.js";
import type { ModelParams } from "../../src/models/index.js";

/** What tools/pytorch/lenet5_fixture.py wrote: PyTorch's losses before each update. */
export interface Trajectories {
  readonly steps: number;
  readonly batchSize: number;
  readonly normalization: { readonly mean: number; readonly std: number };
  readonly optimizers: {
    readonly sgd: { readonly learningRate: number; readonly momentum: number };
    readonly adam: AdamFigures;
    readonly adamw: AdamFigures & { readonly weightDecay: number };
    readonly sofim: SofimFigures;
    readonly "sofim-tensor": SofimFigures;
  };
  readonly data: Readonly<Record<"mnist" | "glyphs", DataTrajectories>>;
}

interface AdamFigures {
  readonly learningRate: number;
  readonly b1: number;
  readonly b2: number;
  readonly eps: number;
}

interface SofimFigures {
  readonly learningRate: number;
  readonly beta: number;
  readonly rho: number;
  readonly blocks: "global" | "tensor";
}

interface DataTrajectories {
  readonly sha256: string;
  readonly losses: Readonly<Record<keyof Trajectories["optimizers"], readonly number[]>>;
}

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
}

interface Manifest {
  readonly tensors: readonly Tensor[];
}

const folder = new URL("../fixtures/lenet5/", import.meta.url);

export async function readTrajectories(): Promise<Trajectories> {
  return JSON.parse(await readFile(new URL("trajectories.json", folder), "utf8"));
}

/** PyTorch's initial weights as this package's parameters. */
export async function readWeights(): Promise<ModelParams> {
  const manifest: Manifest = JSON.parse(await readFile(new URL("weights.json", folder), "utf8"));
  return (await readTensors(new URL("weights.bin", folder), manifest.tensors)) as ModelParams;
}

/** Tensors named `layer.part` from the file that holds them one after another: dense weights turn from [out, in] to [in, out]. */
export async function readTensors(
  file: URL,
  tensors: readonly Tensor[],
): Promise<Record<string, Record<string, np.Array>>> {
  const bytes = await readFile(file);
  const layers: Record<string, Record<string, np.Array>> = {};
  let offset = 0;
  for (const { name, shape } of tensors) {
    const [layer, part] = name.split(".") as [string, string];
    const size = shape.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: size }, (_, i) => bytes.readFloatLE(offset + 4 * i));
    offset += 4 * size;
    const tensor = np.array(values, { shape: [...shape] });
    layers[layer] = { ...layers[layer], [part]: shape.length === 2 ? np.transpose(tensor) : tensor };
  }
  if (offset !== bytes.length) throw new Error(`${file} has ${bytes.length} bytes, want ${offset}`);
  return layers;
}

export interface HostBatch {
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
}

/** The batches that PyTorch saw, in file order; an error where the bytes are not the same. */
export function readBatches(set: ImageSet, trajectories: Trajectories, sha256: string): HostBatch[] {
  const { steps, batchSize, normalization } = trajectories;
  const count = steps * batchSize;
  const pixels = set.height * set.width;
  const hash = createHash("sha256")
    .update(set.images.subarray(0, count * pixels))
    .update(set.labels.subarray(0, count));
  if (hash.digest("hex") !== sha256) {
    throw new Error(
      "the images differ from those that PyTorch's losses were made with: run tools/pytorch/lenet5_fixture.py",
    );
  }
  const scaling = { mean: [normalization.mean], std: [normalization.std] };
  return Array.from({ length: steps }, (_, step) => {
    const indices = Uint32Array.from({ length: batchSize }, (_, i) => step * batchSize + i);
    const images = new Float32Array(batchSize * pixels);
    const labels = new Int32Array(batchSize);
    gatherBatch(set, indices, scaling, images, labels);
    return { images, labels };
  });
}
