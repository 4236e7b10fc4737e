import { defaultDevice, grad, init, jit as jaxJit, jvp, numpy as np, tree } from "@jax-js/jax";
import { jit } from "sofim/ort";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/data/random.js";
import { type AnyModel, lenet5, type ModelParams, resnet9 } from "../../src/models/index.js";
import { makeObjective } from "../../src/train/objective.js";
import { toEngine } from "../../src/train/session.js";

// jax-js 0.1 names Float16Array when it is given float64 data, and Node 20 has no such class.
Object.assign(globalThis, { Float16Array: Reflect.get(globalThis, "Float16Array") ?? class Float16Array {} });

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const batchSize = 4;
const classes = 10;

const models: readonly AnyModel[] = [
  lenet5({ inputShape: [1, 28, 28], classes }),
  resnet9({ inputShape: [3, 16, 16], classes }, 1 / 32),
];

/** Host copies of weights, a direction and a batch, the same for every engine and precision. */
function problem(model: AnyModel) {
  const random = new Random(7);
  const leaves = tree.leaves<np.Array>(model.init(random));
  const shapes = leaves.map(({ shape }) => [...shape]);
  const weights = leaves.map((leaf) => Float64Array.from(leaf.dataSync()));
  const direction = weights.map((leaf) => leaf.map(() => Math.fround(random.normal())));
  const imageShape = [batchSize, ...model.inputShape];
  const size = imageShape.reduce((product, dim) => product * dim, 1);
  const pixels = Float64Array.from({ length: size }, () => Math.fround(random.normal()));
  const labels = Int32Array.from({ length: batchSize }, () => random.below(classes));
  const structure = tree.structure(model.init(random));
  return {
    weights,
    direction,
    params: (values: readonly Float64Array[], dtype: np.DType) =>
      tree.unflatten(
        structure,
        values.map((leaf, i) => toArray(leaf, shapes[i]!, dtype)),
      ) as unknown as ModelParams,
    images: (dtype: np.DType) => toArray(pixels, imageShape, dtype),
    labels: () => np.array(labels, { dtype: np.int32 }),
  };
}

function toArray(values: Float64Array, shape: number[], dtype: np.DType): np.Array {
  return np.array(dtype === np.float64 ? values : Float32Array.from(values), { shape, dtype });
}

function hostValues(leaves: readonly np.Array[]): number[] {
  return leaves.flatMap((leaf) => Array.from(leaf.dataSync()));
}

/** The largest difference, relative to the largest wanted value. */
function difference(found: readonly number[], wanted: readonly number[]): number {
  expect(found).toHaveLength(wanted.length);
  const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return found.reduce((most, value, i) => {
    const distance = Math.abs(value - wanted[i]!) / scale;
    return distance <= most ? most : distance;
  }, 0);
}

describe.each(models)("the Hessian-vector product of $name", (model) => {
  const gradient = grad(makeObjective(model, 0)) as (
    params: ModelParams,
    images: np.Array,
    labels: np.Array,
  ) => ModelParams;
  const product = (params: ModelParams, direction: ModelParams, images: np.Array, labels: np.Array) => {
    const gradientAt = (at: ModelParams) => gradient(at, images.ref, labels.ref);
    const [at, tangent] = jvp(gradientAt, [params], [direction]);
    tree.dispose(at);
    tree.dispose([images, labels]);
    return tangent as unknown as ModelParams;
  };

  it("is on the engine what jax-js gives, and the central difference of the gradient", async () => {
    const { weights, direction, params, images, labels } = problem(model);
    const onEngine = jit(product, { threads: 1 });
    const found = await onEngine(
      toEngine(params(weights, np.float32)),
      toEngine(params(direction, np.float32)),
      images(np.float32),
      labels(),
    );
    const values = (await Promise.all(tree.leaves(found as never).map((leaf) => readLeaf(leaf)))).flat();
    await onEngine.dispose();

    const onJax = jaxJit(product);
    const wanted = onJax(
      params(weights, np.float32),
      params(direction, np.float32),
      images(np.float32),
      labels(),
    );
    expect(difference(values, hostValues(tree.leaves<np.Array>(wanted)))).toBeLessThan(1e-4);
    onJax.dispose();

    // In float64, as only a step this short flips no ReLU and no maximum. It magnifies what the gradient is off by, about
    // 1e-9 for jax-js (ten times shorter, and the difference grows tenfold), to 6e-4.
    const step = 1e-6;
    const gradient64 = jaxJit(gradient);
    const gradientAt = (sign: number) => {
      const moved = weights.map((leaf, i) => leaf.map((w, j) => w + sign * step * direction[i]![j]!));
      const at = gradient64(params(moved, np.float64), images(np.float64), labels());
      return hostValues(tree.leaves<np.Array>(at));
    };
    const [after, before] = [gradientAt(1), gradientAt(-1)];
    gradient64.dispose();
    const central = after.map((value, i) => (value - before[i]!) / (2 * step));
    expect(difference(values, central)).toBeLessThan(1e-3);
  });
});

async function readLeaf(leaf: { data(): Promise<ArrayLike<number>> }): Promise<number[]> {
  return Array.from(await leaf.data());
}
