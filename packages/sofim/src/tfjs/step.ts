import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { Direction } from "../core/options.js";
import type { VariableBlocks } from "./options.js";

/** A variable, its moment and its gradient, clipped and finite as far as was asked. */
export interface Slot {
  readonly variable: Variable;
  /**
   * T = beta T + g, the moment without its factor: M = (1 - beta) T. So a step costs a multiplication by beta and an
   * addition, as momentum does, where beta M + (1 - beta) g would cost one multiplication more.
   */
  readonly moment: Variable;
  readonly gradient: Tensor;
}

/** What a step needs to know beside the tensors. */
export interface StepSettings {
  readonly direction: Direction;
  readonly learningRate: number;
  readonly beta: number;
  readonly rho: number;
  readonly weightDecay: number;
}

/** n = 1 + beta + ... + beta^(steps - 1), which takes T to the bias-corrected moment: Mh = T / n; 0 for no steps. */
export function momentCount(beta: number, steps: number): number {
  if (steps === 0) return 0; // without memory, 0 log 0 would be taken
  return -Math.expm1(steps * Math.log(beta)) / (1 - beta);
}

/** The slots, with other gradients, by the blocks of the Fisher matrix. */
export function blocksOf(
  slots: readonly Slot[],
  gradients: readonly Tensor[],
  blocks: VariableBlocks,
): Iterable<readonly Slot[]> {
  const byKey = new Map<string, Slot[]>();
  for (const [i, slot] of slots.entries()) {
    const { name } = slot.variable;
    const key = typeof blocks === "function" ? blocks(name) : blocks === "tensor" ? name : "";
    const block = byKey.get(key) ?? [];
    byKey.set(key, block);
    block.push({ ...slot, gradient: gradients[i]! });
  }
  return byKey.values();
}
