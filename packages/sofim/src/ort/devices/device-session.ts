/** A compiled graph on a device, together with the results that lie in the device's own memory. */
import type { Tensor } from "onnxruntime-common";
import type { RuntimeSession, Tensors } from "../platform/platform.js";

interface Result {
  readonly session: DeviceSession;
  readonly tensor: Tensor;
}

/** Frees a GPU's memory once nothing refers to the array that stood for it. */
const abandoned = new FinalizationRegistry<Result>(({ session, tensor }) => session.drop(tensor));

export class DeviceSession {
  readonly #session: RuntimeSession;
  readonly #beforeRun: () => Promise<void>;
  /** Those who need the session: who opened it, calls under way, and results in the device's memory. */
  #users = 1;

  constructor(session: RuntimeSession, beforeRun: () => Promise<void>) {
    this.#session = session;
    this.#beforeRun = beforeRun;
  }

  /** Whether results can be computed in memory that is given. */
  get overwrites(): boolean {
    return this.#session.runInto !== undefined;
  }

  /** Does what needs the session, which is not released before it is done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work();
    } finally {
      await this.#leave();
    }
  }

  /** @param places - where to compute outputs, by name; for sessions that `overwrites` */
  async run(feeds: Tensors, places?: ReadonlyMap<string, Tensor>): Promise<Tensors> {
    await this.#beforeRun();
    return places === undefined ? this.#session.run(feeds) : this.#session.runInto!(feeds, places);
  }

  /** Takes over the memory of a result, on whatever device, that nobody will read. */
  recycle(tensor: Tensor): void {
    this.#session.recycle?.(tensor);
  }

  /** Keeps the session as long as `array`, whose elements are in the device's memory: they share an allocator. */
  adopt(array: object, tensor: Tensor): void {
    this.#users++;
    abandoned.register(array, { session: this, tensor }, array);
  }

  /** Frees the memory of an adopted array now. */
  disown(array: object, tensor: Tensor): void {
    abandoned.unregister(array);
    this.drop(tensor);
  }

  /** @internal For the registry. */
  drop(tensor: Tensor): void {
    tensor.dispose();
    void this.#leave();
  }

  async #leave(): Promise<void> {
    this.#users--;
    if (this.#users === 0) await this.#session.release();
  }

  /** For who opened it, once: releases the session, or has the last of its calls and results do so. */
  async close(): Promise<void> {
    await this.#leave();
  }
}
