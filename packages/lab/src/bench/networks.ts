import { gatherBatch, loadDataset, Random } from "../data/index.js";
import { type AnyModel, type ImageShape, lenet5, mlp, resnet9 } from "../models/index.js";

/** Normalized images [count, channels, height, width] and their labels [count]. */
export interface ImagePool {
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
}

/** What the suites train, and how. */
export interface NetworkDefinition {
  readonly title: string;
  readonly model: AnyModel;
  readonly batchSize: number;
  readonly options: {
    readonly sofim: { readonly learningRate: number; readonly beta: number; readonly rho: number };
    readonly sgd: { readonly learningRate: number; readonly momentum: number };
    readonly adam: { readonly learningRate: number };
  };
  /** First steps whose losses contestants must agree on; later ones tell more of rounding than of the contestants. */
  readonly comparedSteps: number;
  readonly images: (count: number) => Promise<ImagePool>;
}

/** Those of the engine suite, in the order in which it takes them. */
export const engineNetworkNames = ["lenet5", "mlp", "resnet9"] as const;

/** Those of the devices suite, which has one that takes a CPU a second or more for a step. */
export const networkNames = [...engineNetworkNames, "resnet9-wide"] as const;

export type EngineNetworkName = (typeof engineNetworkNames)[number];
export type NetworkName = (typeof networkNames)[number];

const classes = 10;
const glyphShape = [1, 28, 28] as const;
const colorShape = [3, 32, 32] as const;

const glyphOptions = {
  sofim: { learningRate: 0.05, beta: 0.9, rho: 0.1 },
  sgd: { learningRate: 0.02, momentum: 0.9 },
  adam: { learningRate: 0.001 },
} as const;

/** What a ResNet-9 of any width has. */
const resnetTraining = {
  options: {
    sofim: { learningRate: 0.03, beta: 0.9, rho: 0.2 },
    sgd: { learningRate: 0.01, momentum: 0.9 },
    adam: { learningRate: 0.001 },
  },
  // Normalization amplifies rounding: PyTorch in another memory layout differs from itself by 3e-6 at a width of 1/4, by
  // 1e-5 two steps later and by 1e-4 after 14.
  comparedSteps: 5,
  images: async (count: number) => drawColors(count, colorShape),
} as const;

/** By name, all that stands fixed of a network. */
export const networks: Readonly<Record<NetworkName, NetworkDefinition>> = {
  lenet5: {
    title: "LeNet-5",
    model: lenet5({ inputShape: glyphShape, classes }),
    batchSize: 128,
    options: glyphOptions,
    comparedSteps: 10,
    images: loadGlyphs,
  },
  mlp: {
    title: "MLP 784-256-128-10",
    model: mlp({ inputShape: glyphShape, classes }),
    batchSize: 128,
    options: glyphOptions,
    comparedSteps: 10,
    images: loadGlyphs,
  },
  resnet9: {
    title: "ResNet-9, width 1/4",
    model: resnet9({ inputShape: colorShape, classes }, 1 / 4),
    batchSize: 64,
    ...resnetTraining,
  },
  "resnet9-wide": {
    title: "ResNet-9, full width",
    model: resnet9({ inputShape: colorShape, classes }),
    batchSize: 256,
    ...resnetTraining,
  },
};

/** The first of the embedded digits. */
async function loadGlyphs(count: number): Promise<ImagePool> {
  const { train } = await loadDataset("glyphs");
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  const images = new Float32Array(count * train.height * train.width);
  const labels = new Int32Array(count);
  gatherBatch(train, indices, { mean: [0.1307], std: [0.3081] }, images, labels);
  return { images, labels };
}

/**
 * A color for each class and uniform noise about it: no data set of colored images is embedded, and a step takes the
 * same time on any. Noise keeps max-pooling from ties, which frameworks break in different ways.
 */
function drawColors(count: number, [channels, height, width]: ImageShape): ImagePool {
  const random = new Random(2);
  const colors = Float32Array.from({ length: classes * channels }, () => random.uniform(-1, 1));
  const plane = height * width;
  const images = new Float32Array(count * channels * plane);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  for (let i = 0; i < images.length; i++) {
    const [image, channel] = [Math.floor(i / (channels * plane)), Math.floor(i / plane) % channels];
    images[i] = colors[labels[image]! * channels + channel]! + random.uniform(-1.5, 1.5);
  }
  return { images, labels };
}
