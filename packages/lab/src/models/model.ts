import type { numpy as np } from "@jax-js/jax";
import { InvalidArgumentError } from "sofim/core";

/** Weights and bias of one layer. */
export type LayerParams = { weight: np.Array; bias: np.Array };

/** A model's parameters: one entry per layer, so that `params.conv1.weight` is the tensor `conv1.weight`. */
export type ModelParams = { [layer: string]: LayerParams };

/** A source of random numbers, uniform over [low, high). */
export interface UniformSource {
  uniform(low: number, high: number): number;
}

/** A network: how to draw its initial weights, and what it computes. */
export interface Model {
  readonly name: string;
  /** Shape of one image, `[channels, height, width]`. */
  readonly inputShape: ImageShape;
  readonly classes: number;
  /**
   * Draws initial parameters as PyTorch's layers do by default: weights and biases from
   * U(-1/sqrt(fanIn), 1/sqrt(fanIn)). Drawn on the host, so every machine gets the same ones.
   */
  init(random: UniformSource): ModelParams;
  /**
   * Logits `[batch, classes]` of images `x`, shape `[batch, channels, height, width]`.
   * Consumes `x` and every array of `params`, as jax-js functions do.
   */
  apply(params: ModelParams, x: np.Array): np.Array;
}

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
