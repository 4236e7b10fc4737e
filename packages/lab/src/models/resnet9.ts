import { nn, numpy as np } from "@jax-js/jax";
import { InvalidArgumentError } from "sofim/core";
import { initChannelStatistics, normalizeByBatch, normalizeByRunning } from "./batch-norm.js";
import { convWithoutBias, dense, globalMaxPool, initDense, initKernels, maxPool } from "./layers.js";
import {
  layer,
  type ModelParams,
  type ModelShape,
  type NormalizedModel,
  type NormalizedParams,
  normalizedLayer,
  type Statistics,
  type UniformSource,
} from "./model.js";

const kernel = 3;
/** Keeps the logits of a fresh network small, as in the source. */
const logitScale = 0.125;

/** One convolution with its normalization and ReLU: takes and gives `[batch, channels, height, width]`. */
type Block = (name: string, x: np.Array) => np.Array;

/**
 * ResNet-9 for small images: eight 3x3 convolutions without bias, each followed by batch normalization and ReLU, and a
 * dense layer.
 *
 *     prep 64, layer1 128, pool, x + layer1b(layer1a(x)), layer2 256, pool,
 *     layer3 512, pool, x + layer3b(layer3a(x)), global maximum, dense, logits / 8
 *
 * The numbers are channels, to be multiplied by `width`; pools take the maximum over 2x2. The source's dense layer has no
 * bias; this one has. Weights are drawn as PyTorch's layers do; scales start at 1 and the normalization's biases at 0.
 *
 * @param shape - height and width divisible by 8
 * @param width - multiple of the source's channels, such that 64 * width is a whole number; default 1 (6.6 million
 * weights for ten classes; 1/4 has 0.4 million)
 * @throws InvalidArgumentError if the images or the width do not fit
 *
 * Source: D. Page, How to train your ResNet, 2018, part 4 and on (its DAWNBench entry for CIFAR-10).
 */
export function resnet9({ inputShape, classes }: ModelShape, width = 1): NormalizedModel {
  const [imageChannels, height, imageWidth] = inputShape;
  if (height % 8 !== 0 || imageWidth % 8 !== 0) {
    throw new InvalidArgumentError("inputShape", inputShape.join("x"), "height and width divisible by 8");
  }
  const narrowest = 64 * width;
  if (!Number.isSafeInteger(narrowest) || narrowest < 1) {
    throw new InvalidArgumentError("width", width, "a multiple of 1/64 above 0");
  }
  const [c1, c2, c3, c4] = [narrowest, 2 * narrowest, 4 * narrowest, 8 * narrowest];
  const convolutions: readonly [name: string, inputs: number, outputs: number][] = [
    ["prep", imageChannels, c1],
    ["layer1", c1, c2],
    ["layer1a", c2, c2],
    ["layer1b", c2, c2],
    ["layer2", c2, c3],
    ["layer3", c3, c4],
    ["layer3a", c4, c4],
    ["layer3b", c4, c4],
  ];
  return Object.freeze<NormalizedModel>({
    name: "resnet9",
    inputShape,
    classes,
    init(random) {
      const params: ModelParams = {};
      for (const [name, inputs, outputs] of convolutions) params[name] = initBlock(random, inputs, outputs);
      params.fc = initDense(random, c4, classes);
      return params;
    },
    initStatistics: () =>
      Object.fromEntries(convolutions.map(([name, , outputs]) => [name, initChannelStatistics(outputs)])),
    applyTraining(params, x) {
      const measured: Statistics = {};
      const logits = connect(params, x, (name, input) => {
        const { weight, ...affine } = normalizedLayer(params, name);
        const [y, statistics] = normalizeByBatch(affine, convWithoutBias(weight, input, 1));
        measured[name] = statistics;
        return nn.relu(y);
      });
      return [logits, measured];
    },
    apply: (params, running, x) =>
      connect(params, x, (name, input) => {
        const { weight, ...affine } = normalizedLayer(params, name);
        return nn.relu(normalizeByRunning(affine, running[name]!, convWithoutBias(weight, input, 1)));
      }),
  });
}

/** How the blocks hang together, whatever they normalize by. */
function connect(params: ModelParams, x: np.Array, block: Block): np.Array {
  const residual = (name: string, input: np.Array) =>
    input.ref.add(block(`${name}b`, block(`${name}a`, input)));
  let h = block("prep", x);
  h = residual("layer1", maxPool(block("layer1", h)));
  h = maxPool(block("layer2", h));
  h = residual("layer3", maxPool(block("layer3", h)));
  return dense(layer(params, "fc"), globalMaxPool(h)).mul(logitScale);
}

function initBlock(random: UniformSource, inputs: number, outputs: number): NormalizedParams {
  return {
    weight: initKernels(random, inputs, outputs, kernel),
    scale: np.ones([outputs], { dtype: np.float32 }),
    bias: np.zeros([outputs], { dtype: np.float32 }),
  };
}
