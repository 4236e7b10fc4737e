import { setImmediate, setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Random } from "../../src/data/random.js";
import { openBatches } from "../../src/train/batch-source.js";
import { augmentedBatches, type Batch, trainBatches } from "../../src/train/batches.js";
import { PreparedBatches } from "../../src/train/prepared-batches.js";
import { tinyDataset } from "./tiny-dataset.js";

const { train: set } = tinyDataset(50, 0);
const batchSize = 8;
const normalization = { mean: [0.25], std: [0.5] };
const augmentation = { padding: 4, flip: true };
const data = { set, batchSize, normalization, augmentation, seed: 5 };
const waiting = 8;

function onThisThread(count: number): Batch[] {
  const batches = augmentedBatches(set, batchSize, normalization, augmentation, new Random(5));
  return Array.from({ length: count }, () => batches.next().value);
}

/** Takes `count` batches, with something else to do before each. */
async function take(count: number, pause: (i: number) => Promise<unknown>): Promise<Batch[]> {
  const source = new PreparedBatches(data);
  const taken: Batch[] = [];
  for (let i = 0; i < count; i++) {
    await pause(i);
    taken.push(await source.next());
  }
  await source.close();
  return taken;
}

afterEach(() => void vi.restoreAllMocks());

describe("PreparedBatches", () => {
  it("gives the batches of its seed, whenever they are taken", async () => {
    // Three epochs and a bit.
    const wanted = onThisThread(20);
    expect(await take(20, async () => {})).toEqual(wanted);
    expect(await take(20, (i) => setTimeout(i % 5 === 0 ? 30 : 0))).toEqual(wanted);
  });

  it("makes as many ahead as may wait, and one more for each that is taken", async () => {
    const started = vi.spyOn(Worker.prototype, "postMessage");
    const source = new PreparedBatches(data);
    const worker = started.mock.contexts[0] as Worker;
    let made = 0;
    const arrived = (count: number) =>
      new Promise<void>((resolve) => {
        const check = () => made >= count && resolve();
        worker.on("message", check);
        check();
      });
    worker.on("message", () => made++);
    await arrived(waiting);
    // Time enough for a ninth, if one were being made.
    await setTimeout(100);
    expect(made).toBe(waiting);
    for (let i = 0; i < 3; i++) await source.next();
    await arrived(waiting + 3);
    await setTimeout(100);
    expect(made).toBe(waiting + 3);
    await source.close();
  });

  it("ends its thread when it is closed", async () => {
    const started = vi.spyOn(Worker.prototype, "postMessage");
    const source = new PreparedBatches(data);
    const worker = started.mock.contexts[0] as Worker;
    await source.next();
    await source.close();
    await setImmediate();
    expect(worker.threadId).toBe(-1);
  });

  it("passes on what goes wrong in the thread", async () => {
    const source = new PreparedBatches({ ...data, normalization: { mean: [0.25], std: [0] } });
    await expect(source.next()).rejects.toThrow("std: got 0, want positive numbers");
    await source.close();
  });
});

describe("openBatches", () => {
  it("varies images where the workload says so, and takes them as they are elsewhere", async () => {
    const workload = { batchSize, normalization };
    const first = async (source: ReturnType<typeof openBatches>) => {
      const batch = await source.next();
      await source.close();
      return batch;
    };
    const plain = trainBatches(set, batchSize, normalization, new Random(3)).next().value;
    expect(await first(openBatches(workload, set, new Random(3)))).toEqual(plain);
    const varied = { ...workload, augmentation };
    const batch = await first(openBatches(varied, set, new Random(3)));
    expect(batch).toEqual(await first(openBatches(varied, set, new Random(3))));
    expect(batch).not.toEqual(await first(openBatches(varied, set, new Random(4))));
  });

  it("refuses a batch larger than the data before it starts a thread", () => {
    expect(() => openBatches({ batchSize: 51, normalization, augmentation }, set, new Random(0))).toThrow(
      "batchSize: got 51, want at most the number of training images, 50",
    );
  });
});
