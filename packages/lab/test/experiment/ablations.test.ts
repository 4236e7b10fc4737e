import { defaultDevice, init, numpy as np, tree } from "@jax-js/jax";
import { applyUpdates, type OptState } from "sofim";
import { beforeAll, describe, expect, it } from "vitest";
import { clippedSgd, momentOnly, normalizedMoment } from "../../src/experiment/ablations.js";
import type { OptimizerDefinition, OptimizerOptions } from "../../src/workloads/optimizer-definition.js";

const gradients = [
  [3, -4],
  [0.1, 0.2],
  [-6, 2],
] as const;

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

/** Where the weights are after each of the gradients, from zero. */
async function follow(definition: OptimizerDefinition, options: OptimizerOptions): Promise<number[][]> {
  const optimizer = definition.create(definition.resolve(options));
  let params = { w: np.zeros([2], { dtype: np.float32 }) };
  let state: OptState = optimizer.init(tree.ref(params));
  const path: number[][] = [];
  for (const gradient of gradients) {
    const [updates, next] = optimizer.update({ w: np.array([...gradient]) }, state, tree.ref(params));
    params = applyUpdates(params, updates);
    state = next;
    path.push([...(await params.w.ref.data())]);
  }
  return path;
}

function expectPath(path: readonly number[][], wanted: readonly (readonly number[])[]): void {
  path.forEach((point, t) => {
    point.forEach((x, i) => {
      expect(Math.abs(x - wanted[t]![i]!), `step ${t}, weight ${i}`).toBeLessThan(1e-5);
    });
  });
}

/** The moment of the gradients so far, without bias. */
function moments(beta: number): number[][] {
  const m = [0, 0];
  return gradients.map((gradient, t) => {
    gradient.forEach((g, i) => {
      m[i] = beta * m[i]! + (1 - beta) * g;
    });
    return m.map((x) => x / (1 - beta ** (t + 1)));
  });
}

function pathOf(steps: readonly (readonly number[])[], learningRate: number): number[][] {
  const w = [0, 0];
  return steps.map((step) => {
    step.forEach((x, i) => {
      w[i]! -= learningRate * x;
    });
    return [...w];
  });
}

describe("ablations", () => {
  it("steps along the moment alone", async () => {
    const path = await follow(momentOnly, { learningRate: 0.3, beta: 0.8 });
    expectPath(path, pathOf(moments(0.8), 0.3));
  });

  it("steps by one length along the moment", async () => {
    const path = await follow(normalizedMoment, { learningRate: 0.3, beta: 0.8 });
    const units = moments(0.8).map((m) => m.map((x) => x / Math.hypot(...m)));
    expectPath(path, pathOf(units, 0.3));
  });

  it("clips the gradient before the momentum", async () => {
    const path = await follow(clippedSgd, { learningRate: 0.1, momentum: 0.5, maxNorm: 2 });
    const velocity = [0, 0];
    const steps = gradients.map((gradient) => {
      const factor = Math.min(1, 2 / Math.hypot(...gradient));
      return velocity.map((v, i) => {
        velocity[i] = 0.5 * v + factor * gradient[i]!;
        return velocity[i]!;
      });
    });
    expectPath(path, pathOf(steps, 0.1));
  });
});
