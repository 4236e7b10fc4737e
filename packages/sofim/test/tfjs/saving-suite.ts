import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, layers, loadLayersModel, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { InvalidArgumentError, SofimError, SofimOptimizer } from "../../src/tfjs/index.js";

const inputs = () =>
  tf.tensor2d(Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(2 * i), i / 24]));
const targets = () => tf.tensor2d(Array.from({ length: 24 }, (_, i) => [Math.sin(i) * Math.cos(2 * i)]));

function makeModel(optimizer: SofimOptimizer): LayersModel {
  const model = sequential({
    layers: [
      layers.dense({ units: 8, activation: "tanh", inputShape: [3], name: "hidden" }),
      layers.dense({ units: 1, name: "out" }),
    ],
  });
  model.compile({ optimizer, loss: "meanSquaredError" });
  return model;
}

async function fit(model: LayersModel, epochs: number): Promise<void> {
  const [x, y] = [inputs(), targets()];
  await model.fit(x, y, { epochs, batchSize: 6, shuffle: false, verbose: 0 });
  tf.dispose([x, y]);
}

async function save(model: LayersModel): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
  });
  await model.save(handler, { includeOptimizer: true });
  return saved!;
}

const valuesOf = (model: LayersModel) => model.getWeights().map((w) => [...w.dataSync()]);

function named(values: Record<string, number[]>): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(values).map(([name, xs]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor1d(xs), true, name)),
    ]),
  );
}

/** Steps with every gradient equal to the variable's first element everywhere. */
function step(optimizer: SofimOptimizer, variables: readonly tf.Variable[]): void {
  const gradients = variables.map((v) => ({ name: v.name, tensor: tf.fill(v.shape, v.dataSync()[0]!) }));
  optimizer.applyGradients(gradients);
  tf.dispose(gradients.map(({ tensor }) => tensor));
}

async function momentsOf(optimizer: SofimOptimizer): Promise<Record<string, number[]>> {
  const [, , ...moments] = await optimizer.getWeights();
  return Object.fromEntries(
    moments.map(({ name, tensor }) => [name.replace("/sofim/moment", ""), [...tensor.dataSync()]]),
  );
}

/** What was saved, as a loaded file would have it: tensors of their own. */
async function saved(optimizer: SofimOptimizer) {
  return (await optimizer.getWeights()).map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) }));
}

/** Saving and loading, on the cpu backend. */
export function runSavingTests(): void {
  describe("a saved model", () => {
    beforeAll(async () => {
      await tf.setBackend("cpu");
    });

    it("goes on after loading as if it had not been saved, to the last bit, and again after that", async () => {
      const options = { learningRate: 0.3, beta: 0.8, rho: 0.02, weightDecay: 1e-3, clipByGlobalNorm: 5 };
      const model = makeModel(new SofimOptimizer(options));
      await fit(model, 3);
      const loaded = await loadLayersModel(tf.io.fromMemory(await save(model)));
      expect(loaded.optimizer.getConfig()).toEqual(model.optimizer.getConfig());
      expect(loaded.optimizer.iterations).toBe(12);
      await fit(model, 2);
      await fit(loaded, 2);
      expect(valuesOf(loaded)).toEqual(valuesOf(model));

      const again = await loadLayersModel(tf.io.fromMemory(await save(loaded)));
      await fit(model, 2);
      await fit(again, 2);
      expect(valuesOf(again)).toEqual(valuesOf(model));
      expect(again.optimizer.iterations).toBe(28);
    });

    it("keeps the learning rate that was set and the count of skipped steps", async () => {
      const optimizer = new SofimOptimizer({ skipNonFinite: true });
      const model = makeModel(optimizer);
      const [x, y] = [tf.fill([6, 3], Number.NaN), tf.ones([6, 1])];
      await model.fit(x, y, { epochs: 2, verbose: 0 });
      optimizer.learningRate = 0.025;
      await fit(model, 1);
      const loaded = await loadLayersModel(tf.io.fromMemory(await save(model)));
      const restored = loaded.optimizer as SofimOptimizer;
      expect(restored.learningRate).toBe(0.025);
      expect(restored.iterations).toBe(6);
      expect(await restored.skippedSteps()).toBe(2);
      await fit(model, 1);
      await fit(loaded, 1);
      expect(valuesOf(loaded)).toEqual(valuesOf(model));
    });

    it("costs no tensors to save", async () => {
      const model = makeModel(new SofimOptimizer());
      await fit(model, 1);
      const before = tf.memory().numTensors;
      for (let i = 0; i < 20; i++) await save(model);
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  describe("moments", () => {
    it("stay with their variables when these are added, removed and re-ordered", async () => {
      const first = named({ x: [1, 2], y: [3], z: [5] });
      const optimizer = new SofimOptimizer();
      step(optimizer, [first.x!, first.y!, first.z!]);
      expect(await momentsOf(optimizer)).toEqual({ x: [1, 1], y: [3], z: [5] });
      const file = await saved(optimizer);
      tf.dispose(first);

      const second = named({ q: [7], z: [0], x: [0, 0] });
      const restored = new SofimOptimizer();
      await restored.setWeights(file);
      expect(await momentsOf(restored)).toEqual({ x: [1, 1], y: [3], z: [5] });
      step(restored, [second.q!, second.z!, second.x!]);
      const decayed = Math.fround(0.9);
      expect(await momentsOf(restored)).toEqual({
        q: [7],
        z: [5 * 0.9],
        x: [decayed, decayed],
        y: [3], // its variable may have a gradient again later
      });
      const third = named({ y: [0] });
      step(restored, [third.y!]);
      expect((await momentsOf(restored)).y![0]).toBeCloseTo(2.7, 6);
      for (const { tensor } of file) tensor.dispose();
      for (const o of [optimizer, restored]) o.dispose();
      tf.dispose([second, third]);
    });

    it("are refused if they belong to none of the variables, or have another shape", async () => {
      const first = named({ one: [1], two: [2] });
      const optimizer = new SofimOptimizer();
      step(optimizer, Object.values(first));
      const file = await saved(optimizer);
      tf.dispose(first);

      const renamed = named({ uno: [1], due: [2] });
      const restored = new SofimOptimizer();
      await restored.setWeights(file);
      expect(() => step(restored, Object.values(renamed))).toThrow(SofimError);
      expect(() => step(restored, Object.values(renamed))).toThrow(
        /saved are one, two, the variables are uno, due/,
      );
      expect(renamed.uno!.dataSync()[0]).toBe(1);

      const reshaped = named({ one: [1, 1] });
      expect(() => step(restored, Object.values(reshaped))).toThrow(InvalidArgumentError);
      expect(() => step(restored, Object.values(reshaped))).toThrow(/saved moment of one.*shape \[2\]/);
      tf.dispose([renamed, reshaped]);
    });

    it("of another optimizer are refused, and the optimizer stays as it was", async () => {
      const variables = named({ v: [1, 2] });
      const loss = () => tf.sum(tf.square(variables.v!)) as tf.Scalar;
      const adam = tf.train.adam(0.1);
      adam.minimize(loss, false, Object.values(variables));
      const optimizer = new SofimOptimizer();
      optimizer.minimize(loss, false, Object.values(variables));
      const before = await momentsOf(optimizer);
      await expect(optimizer.setWeights(await adam.getWeights())).rejects.toThrow(InvalidArgumentError);
      await expect(optimizer.setWeights([])).rejects.toThrow(InvalidArgumentError);
      const [iter, skipped] = await optimizer.getWeights();
      const [, first] = await adam.getWeights();
      await expect(optimizer.setWeights([iter!, skipped!, first!])).rejects.toThrow(/v\/m/);
      expect(await momentsOf(optimizer)).toEqual(before);
      expect(optimizer.iterations).toBe(1);
      tf.dispose(variables);
    });
  });
}
