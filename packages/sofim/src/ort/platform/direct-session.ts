/** A session whose results are computed into memory of JavaScript's own, which later results may take over. */
import { Tensor } from "onnxruntime-common";
import { product } from "../jaxpr.js";
import { dataTypes, encodeModel, type OnnxGraph, type OnnxType, type ValueInfo } from "../model.js";
import { type CApi, ERRORS_ONLY, type Handle } from "./c-api.js";
import type { RuntimeSession, Tensors } from "./platform.js";

type Elements = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** Ends sessions that nobody released. */
const lost = new FinalizationRegistry<() => void>((release) => release());

export class DirectSession implements RuntimeSession {
  readonly #api: CApi;
  readonly #session: Handle;
  readonly #inputs: readonly ValueInfo[];
  readonly #outputs: readonly ValueInfo[];
  readonly #inputNames: ReturnType<CApi["texts"]>;
  readonly #outputNames: ReturnType<CApi["texts"]>;
  readonly #dims: readonly BigInt64Array[];
  /** What ONNX Runtime knows inputs and outputs by while it runs, and each of these places alone. */
  readonly #values: BigUint64Array;
  readonly #slots: readonly BigUint64Array[];
  readonly #spare = new Map<string, Elements[]>();

  constructor(api: CApi, graph: OnnxGraph, threads: number) {
    this.#api = api;
    this.#inputs = graph.inputs;
    this.#outputs = graph.outputs;
    this.#inputNames = api.texts(graph.inputs.map(({ name }) => name));
    this.#outputNames = api.texts(graph.outputs.map(({ name }) => name));
    const all = [...graph.inputs, ...graph.outputs];
    // A pointer to no numbers at all is null, which ONNX Runtime does not take.
    this.#dims = all.map(({ dims }) => BigInt64Array.from([...dims, 1], BigInt));
    this.#values = new BigUint64Array(all.length);
    this.#slots = all.map((_, i) => this.#values.subarray(i, i + 1));
    this.#session = openSession(api, encodeModel(graph), threads);
    const session = this.#session;
    lost.register(this, () => api.release("releaseSession", session), this);
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const results = this.#outputs.map((value) => this.#memoryFor(value));
    this.#compute(
      this.#inputs.map(({ name }) => feeds[name]!.data as Elements),
      results,
    );
    const tensors = this.#outputs.map(({ name, type, dims }, i) => {
      return [name, new Tensor(type, results[i] as Float32Array, dims)] as const;
    });
    return Object.fromEntries(tensors);
  }

  #compute(inputs: readonly Elements[], results: readonly Elements[]): void {
    const values = [this.#values, this.#values.subarray(inputs.length)];
    const names = [this.#inputNames.pointers, this.#outputNames.pointers];
    try {
      for (const [i, data] of [...inputs, ...results].entries()) this.#describe(data, i);
      const given = [names[0], values[0], inputs.length];
      this.#api.call("run", this.#session, null, ...given, names[1], results.length, values[1]);
    } finally {
      for (const value of this.#values) if (value !== 0n) this.#api.release("releaseValue", value);
      this.#values.fill(0n);
    }
  }

  recycle({ type, data }: Tensor): void {
    const key = `${type}${data.length}`;
    const most = this.#outputs.filter(({ type: own, dims }) => `${own}${product(dims)}` === key).length;
    const spare = this.#spare.get(key) ?? [];
    if (spare.length < most) this.#spare.set(key, [...spare, data as Elements]);
  }

  async release(): Promise<void> {
    lost.unregister(this);
    this.#api.release("releaseSession", this.#session);
  }

  #memoryFor({ type, dims }: ValueInfo): Elements {
    const length = product(dims);
    return this.#spare.get(`${type}${length}`)?.pop() ?? allocate(type, length);
  }

  #describe(data: Elements, i: number): void {
    const { type, dims } = (this.#inputs[i] ?? this.#outputs[i - this.#inputs.length])!;
    const place = [this.#api.memory, data, data.byteLength, this.#dims[i], dims.length];
    this.#api.call("createTensor", ...place, dataTypes[type], this.#slots[i]);
  }
}

function openSession(api: CApi, model: Uint8Array, threads: number): Handle {
  const options = api.make("createSessionOptions");
  try {
    api.call("setLogSeverity", options, ERRORS_ONLY);
    api.call("setThreads", options, threads);
    return api.make("createSession", api.env, model, model.length, options);
  } finally {
    api.release("releaseSessionOptions", options);
  }
}

/** Memory that is not cleared first: a run writes all of it. */
function allocate(type: OnnxType, length: number): Elements {
  switch (type) {
    case "float64":
      return new Float64Array(uncleared(8 * length), 0, length);
    case "int32":
      return new Int32Array(uncleared(4 * length), 0, length);
    case "uint32":
      return new Uint32Array(uncleared(4 * length), 0, length);
    case "bool":
      return new Uint8Array(uncleared(length), 0, length);
    default:
      return new Float32Array(uncleared(4 * length), 0, length);
  }
}

const uncleared = (bytes: number): ArrayBuffer =>
  Buffer.allocUnsafeSlow(Math.max(bytes, 8)).buffer as ArrayBuffer;
