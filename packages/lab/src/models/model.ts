import type { numpy as np } from "@jax-js/jax";
import { InvalidArgumentError } from "sofim/core";

/** Weights and bias of one layer. */
export type LayerParams = { weight: np.Array; bias: np.Array };

/** Weights of a convolution, and scale and bias of the batch normalization behind it. */
export type NormalizedParams = { weight: np.Array; scale: np.Array; bias: np.Array };

/** A model's parameters: one entry per layer, so that `params.conv1.weight` is the tensor `conv1.weight`. */
export type ModelParams = { [layer: string]: LayerParams };

/** A source of random numbers, uniform over [low, high). */
export interface UniformSource {
  uniform(low: number, high: number): number;
}

/** What all networks have in common. */
interface Network {
  readonly name: string;
  /** Shape of one image, `[channels, height, width]`. */
  readonly inputShape: ImageShape;
  readonly classes: number;
  /**
   * Draws initial parameters as PyTorch's layers do by default: weights and biases from
   * U(-1/sqrt(fanIn), 1/sqrt(fanIn)). Drawn on the host, so every machine gets the same ones.
   */
  init(random: UniformSource): ModelParams;
}

/** A network that computes the same in training and after it. */
export interface Model extends Network {
  /**
   * Logits `[batch, classes]` of images `x`, shape `[batch, channels, height, width]`.
   * Consumes `x` and every array of `params`, as jax-js functions do.
   */
  apply(params: ModelParams, x: np.Array): np.Array;
}

/**
 * A network with batch normalization. In training it normalizes by the statistics of the batch, after it by running
 * ones, which are no parameters: whoever trains moves them by what each batch measured ({@link moveStatistics}).
 */
export interface NormalizedModel extends Network {
  /** The running statistics before training: mean 0 and variance 1. */
  initStatistics(): Statistics;
  /** Logits of images `x` normalized by their own statistics, and these. Consumes its arguments. */
  applyTraining(params: ModelParams, x: np.Array): [logits: np.Array, measured: Statistics];
  /** Logits of images `x` normalized by the running statistics. Consumes its arguments. */
  apply(params: ModelParams, running: Statistics, x: np.Array): np.Array;
}

/** Any network, told apart by {@link isNormalized}. */
export type AnyModel = Model | NormalizedModel;

export function isNormalized(model: AnyModel): model is NormalizedModel {
  return "initStatistics" in model;
}

/** Mean and variance of each channel, both `[channels]`. */
export type ChannelStatistics = { mean: np.Array; variance: np.Array };

/** Statistics of every normalized layer. */
export type Statistics = { [layer: string]: ChannelStatistics };

/** Channels, height and width of one image. */
export type ImageShape = readonly [channels: number, height: number, width: number];

/** What a model must be made for. */
export interface ModelShape {
  readonly inputShape: ImageShape;
  readonly classes: number;
}

/** The layer `name` of `params`; an error that names it when the tree has another structure. */
export function layer(params: ModelParams, name: string): LayerParams {
  const found = params[name];
  if (found === undefined) {
    const layers = Object.keys(params).join(", ");
    throw new InvalidArgumentError("params", params, `a layer named "${name}" (it has ${layers})`);
  }
  return found;
}

/** The normalized layer `name` of `params`. */
export function normalizedLayer(params: ModelParams, name: string): NormalizedParams {
  const found = layer(params, name);
  if ("scale" in found) return found as NormalizedParams;
  const parts = Object.keys(found).join(", ");
  throw new InvalidArgumentError("params", params, `a scale in "${name}" (it has ${parts})`);
}
