import { type numpy as np, tree } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type ArrayTree,
  applyIfFinite,
  type GradientTransformation,
  type OptState,
  trainingStep,
} from "../../../src/optim/index.js";
import { expectClose } from "../../core/helpers.js";
import { startJax } from "../jax.js";
import { type Adapter, adapterNames, adapters, type Compiled, read, save } from "./adapters.js";
import { makeParams, type Params, quadraticLoss } from "./problems.js";
import { rows, type Setting } from "./table.js";

beforeAll(startJax);

const setting: Setting = { learningRate: 0.1, rho: 0.5, steps: 400 };
const STEPS = 3;

/** The quadratic times `scale`, and one weight times `slope`: gradients of any size, and one that is not finite. */
function loss(params: Params, scale: np.Array, slope: np.Array): np.Array {
  const first = params.dense.w.ref.slice(0, 0);
  return quadraticLoss(params).mul(scale).add(first.mul(slope));
}

class Trial {
  params: ArrayTree;
  state: OptState;
  readonly #step: Compiled<ArrayTree[], [ArrayTree, ArrayTree, OptState]>;
  readonly #adapter: Adapter;

  constructor(optimizer: GradientTransformation, adapter: Adapter) {
    this.#adapter = adapter;
    this.#step = adapter.compile(trainingStep(loss as never, optimizer) as never);
    const params = makeParams();
    const state = optimizer.init(tree.ref(params));
    this.params = this.#own(params);
    this.state = this.#own(state);
  }

  #own<T extends ArrayTree>(root: T): T {
    const saved = save(root);
    tree.dispose(root);
    return this.#adapter.load(saved);
  }

  async step(scale: number, slope = 0): Promise<void> {
    const numbers = [scale, slope].map((x) => this.#adapter.scalar(x));
    const [value, params, state] = await this.#step(this.params, this.state, ...numbers);
    tree.dispose(value);
    this.params = params;
    this.state = state;
  }

  /** Whether all numbers of parameters and state are finite. */
  get isFinite(): boolean {
    return [...read(this.params), ...read(this.state)].every(Number.isFinite);
  }

  async end(): Promise<void> {
    tree.dispose([this.params, this.state]);
    await this.#step.dispose();
  }
}

describe.each(rows)("%s", (_name, row) => {
  describe.each(adapterNames)("on %s", (name) => {
    it("stands still without a gradient, but for decay", async () => {
      const trial = new Trial(row.make(setting), adapters[name]);
      const before = read(trial.params);
      await trial.step(0);
      const kept = 1 - setting.learningRate * (row.decay ?? 0);
      if (row.decay === undefined) expect(read(trial.params)).toEqual(before);
      else
        expectClose(
          read(trial.params),
          before.map((w) => kept * w),
          1e-7,
        );
      expect(trial.isFinite).toBe(true);
      await trial.end();
    });

    it("stays finite with gradients of 1e-20", async () => {
      const trial = new Trial(row.make(setting), adapters[name]);
      for (let i = 0; i < STEPS; i++) await trial.step(1e-20);
      expect(trial.isFinite).toBe(true);
      await trial.end();
    });

    it(`stays finite with gradients of 1e20${row.overflows ? " until its formula overflows" : ""}`, async () => {
      const trial = new Trial(row.make(setting), adapters[name]);
      for (let i = 0; i < (row.overflows?.after ?? STEPS); i++) await trial.step(1e20);
      expect(trial.isFinite).toBe(true);
      if (row.overflows !== undefined) {
        await trial.step(1e20);
        expect(trial.isFinite, row.overflows.why).toBe(false);
      }
      await trial.end();
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY])(
      "shows a gradient of %d, and guarded is not moved by it",
      async (bad) => {
        if (!row.guarded) {
          const open = new Trial(row.make(setting), adapters[name]);
          await open.step(1, bad);
          expect(read(open.params).every(Number.isFinite)).toBe(false);
          await open.end();
        }
        const guarded = new Trial(applyIfFinite(row.make(setting)), adapters[name]);
        await guarded.step(1);
        const params = read(guarded.params);
        const { notFinite, inner } = countedApart(guarded.state);
        await guarded.step(1, bad);
        expect(read(guarded.params)).toEqual(params);
        expect(countedApart(guarded.state)).toEqual({ notFinite: notFinite + 1, inner });
        await guarded.step(1);
        expect(read(guarded.params)).not.toEqual(params);
        expect(guarded.isFinite).toBe(true);
        await guarded.end();
      },
    );
  });
});

/** What `applyIfFinite` has counted, and the state of what it guards. */
function countedApart(state: OptState): { notFinite: number; inner: number[] } {
  const { notFinite, inner } = state as { notFinite: np.Array; inner: OptState };
  return { notFinite: read(notFinite)[0]!, inner: read(inner) };
}
