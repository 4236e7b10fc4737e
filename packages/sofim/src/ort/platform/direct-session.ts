/** A session whose results are computed into memory of JavaScript's own, which later results may take over. */
import { Tensor } from "onnxruntime-common";
import { EngineError } from "../errors.js";
import { product } from "../jaxpr.js";
import { dataTypes, encodeModel, type OnnxGraph, type OnnxType, type ValueInfo } from "../model.js";
import { type CApi, ERRORS_ONLY, type Handle } from "./c-api.js";
import type { RuntimeSession, Tensors } from "./platform.js";

type Elements = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** An input or an output, with what ONNX Runtime is told of it at each run. */
interface Place extends ValueInfo {
  readonly typeCode: number;
  readonly sizes: BigInt64Array;
  /** Where it writes by what it knows the tensor. */
  readonly slot: BigUint64Array;
}

interface OutputPlace extends Place {
  readonly length: number;
  /** Memory of earlier results of this type and length. */
  readonly spare: Elements[];
}

/** Ends sessions that nobody released. */
const lost = new FinalizationRegistry<() => void>((release) => release());

export class DirectSession implements RuntimeSession {
  readonly #api: CApi;
  /** Undefined once it is released: ONNX Runtime would end the process over it. */
  #session: Handle | undefined;
  readonly #inputs: readonly Place[];
  readonly #outputs: readonly OutputPlace[];
  readonly #inputNames: ReturnType<CApi["texts"]>;
  readonly #outputNames: ReturnType<CApi["texts"]>;
  /** The slots of the inputs, and of the outputs. */
  readonly #slots: readonly [BigUint64Array, BigUint64Array];
  /** By type and length. */
  readonly #spares = new Map<string, Elements[]>();

  constructor(api: CApi, graph: OnnxGraph, threads: number) {
    this.#api = api;
    const slots = [
      new BigUint64Array(graph.inputs.length),
      new BigUint64Array(graph.outputs.length),
    ] as const;
    this.#slots = slots;
    this.#inputs = graph.inputs.map((value, i) => placeOf(value, slots[0].subarray(i, i + 1)));
    this.#outputs = graph.outputs.map((value, i) => {
      const length = product(value.dims);
      const key = `${value.type}${length}`;
      const spare = this.#spares.get(key) ?? [];
      this.#spares.set(key, spare);
      return { ...placeOf(value, slots[1].subarray(i, i + 1)), length, spare };
    });
    this.#inputNames = api.texts(graph.inputs.map(({ name }) => name));
    this.#outputNames = api.texts(graph.outputs.map(({ name }) => name));
    const session = openSession(api, encodeModel(graph), threads);
    this.#session = session;
    lost.register(this, releaser(api, session), this);
  }

  run(feeds: Tensors): Promise<Tensors> {
    return this.runInto(feeds, new Map());
  }

  async runInto(feeds: Tensors, places: ReadonlyMap<string, Tensor>): Promise<Tensors> {
    if (this.#session === undefined) throw new EngineError("a session was run after it was released");
    const results = this.#outputs.map(
      ({ name, type, length, spare }) =>
        (places.get(name)?.data as Elements | undefined) ?? spare.pop() ?? allocate(type, length),
    );
    this.#compute(feeds, results);
    const tensors: Record<string, Tensor> = {};
    for (const [i, { name, type, dims }] of this.#outputs.entries()) {
      tensors[name] = new Tensor(type, results[i] as Float32Array, dims);
    }
    return tensors;
  }

  #compute(feeds: Tensors, results: readonly Elements[]): void {
    const { functions } = this.#api;
    const [inputs, outputs] = this.#slots;
    const [inputNames, outputNames] = [this.#inputNames.pointers, this.#outputNames.pointers];
    try {
      for (const place of this.#inputs) this.#describe(place, feeds[place.name]!.data as Elements);
      for (const [i, place] of this.#outputs.entries()) this.#describe(place, results[i]!);
      const given = [inputNames, inputs, inputs.length, outputNames, outputs.length, outputs];
      this.#api.check(functions.run(this.#session, null, ...given));
    } finally {
      for (const slots of this.#slots) {
        for (const value of slots) if (value !== 0n) functions.releaseValue(value);
        slots.fill(0n);
      }
    }
  }

  #describe({ sizes, dims, typeCode, slot }: Place, data: Elements): void {
    const { functions, memory } = this.#api;
    this.#api.check(
      functions.createTensor(memory, data, data.byteLength, sizes, dims.length, typeCode, slot),
    );
  }

  recycle({ type, data }: Tensor): void {
    const spare = this.#spares.get(`${type}${data.length}`);
    const users = this.#outputs.filter((place) => place.spare === spare).length;
    if (spare !== undefined && spare.length < users) spare.push(data as Elements);
  }

  async release(): Promise<void> {
    lost.unregister(this);
    if (this.#session !== undefined) this.#api.functions.releaseSession(this.#session);
    this.#session = undefined;
  }
}

/** Made here, where no `this` is in reach that it could keep alive. */
const releaser = (api: CApi, session: Handle) => () => {
  api.functions.releaseSession(session);
};

function placeOf(value: ValueInfo, slot: BigUint64Array): Place {
  // A pointer to no numbers at all is null, which ONNX Runtime does not take.
  const sizes = BigInt64Array.from([...value.dims, 1], BigInt);
  return { ...value, typeCode: dataTypes[value.type], sizes, slot };
}

function openSession(api: CApi, model: Uint8Array, threads: number): Handle {
  const { functions } = api;
  const options = api.make("createSessionOptions");
  try {
    api.check(functions.setLogSeverity(options, ERRORS_ONLY));
    api.check(functions.setThreads(options, threads));
    return api.make("createSession", api.env, model, model.length, options);
  } finally {
    functions.releaseSessionOptions(options);
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

function uncleared(bytes: number): ArrayBufferLike {
  return bytes < WORTH_IT ? new ArrayBuffer(bytes) : Buffer.allocUnsafeSlow(bytes).buffer;
}

/** Node takes microseconds to find memory that is not cleared. */
const WORTH_IT = 16_384;
