/** One call of a compiled function: arguments in, results out, and whose memory is whose in between. */
import { type JsTree, tree } from "@jax-js/jax";
import type { Tensor } from "onnxruntime-common";
import { EngineArray } from "./array.js";
import type { Backend } from "./devices/backend.js";
import type { DeviceSession } from "./devices/device-session.js";
import { isEngineArray, type Leaf, toTensor } from "./leaf.js";
import type { Tensors } from "./platform/platform.js";
import type { TreeDef } from "./trace.js";

export interface Compiled {
  readonly session: DeviceSession;
  readonly structure: TreeDef;
  readonly inputNames: readonly string[];
  /** For every output: its name in the graph, or the position of the argument that it is. */
  readonly outputs: readonly (string | number)[];
  /** By name, outputs that can be computed in the memory of a donated leaf, with its position. */
  readonly replaced: readonly (readonly [output: string, leaf: number])[];
  readonly seconds: readonly [trace: number, lower: number, session: number];
}

/** Arguments of calls under way: garbage collection would free the device's memory under them. */
const inUse = new Set<readonly Leaf[]>();

const isHere = (tensor: Tensor | Promise<Tensor>): tensor is Tensor => !(tensor instanceof Promise);

interface Call {
  readonly backend: Backend;
  readonly donated: readonly Leaf[];
}

/** @returns the tree of results; a session that is closed meanwhile lasts until then */
export function run(compiled: Compiled, leaves: readonly Leaf[], call: Call): Promise<JsTree<EngineArray>> {
  return compiled.session.during(() => runInSession(compiled, leaves, call));
}

async function runInSession(
  compiled: Compiled,
  leaves: readonly Leaf[],
  { backend, donated }: Call,
): Promise<JsTree<EngineArray>> {
  const returned = new Set(
    compiled.outputs.flatMap((output) => (typeof output === "number" ? leaves[output]! : [])),
  );
  const given = donated.filter(isEngineArray).filter((array) => !returned.has(array));
  const { tensors, results, replaced } = await compute(compiled, leaves, { backend, donated: given });
  const origin = { backend, session: compiled.session };
  const outputs = compiled.outputs.map((output) => {
    if (typeof output === "string") return new EngineArray(results[output]!, origin);
    const leaf = leaves[output];
    return leaf instanceof EngineArray ? leaf : new EngineArray(tensors[output]!);
  });
  for (const array of new Set(given)) {
    if (replaced.has(array)) array.forget();
    else array.giveMemoryTo(compiled.session);
  }
  return tree.unflatten(compiled.structure, outputs) as JsTree<EngineArray>;
}

interface Computed {
  readonly tensors: readonly Tensor[];
  readonly results: Tensors;
  /** The donated arrays whose memory results are in now. */
  readonly replaced: ReadonlySet<Leaf>;
}

/**
 * Nobody else can use donated arrays from the beginning of this call on; if it fails, those can be used again that no
 * result was to take the memory of.
 */
async function compute(
  compiled: Compiled,
  leaves: readonly Leaf[],
  { backend, donated }: { readonly backend: Backend; readonly donated: readonly EngineArray[] },
): Promise<Computed> {
  const found = leaves.map((leaf) => toTensor(leaf, backend));
  const arrays = leaves.filter(isEngineArray);
  for (const array of arrays) array.countReaders(1);
  for (const array of donated) array.setDonated(true);
  const free = new Set<Leaf>(donated.filter((array) => array.isFree));
  const taken = compiled.replaced.filter(([, leaf]) => free.has(leaves[leaf]!));
  const replaced = new Set(taken.map(([, leaf]) => leaves[leaf]!));
  inUse.add(leaves);
  try {
    const tensors = found.every(isHere) ? found : await Promise.all(found);
    const feeds: Record<string, Tensor> = {};
    for (const [i, name] of compiled.inputNames.entries()) feeds[name] = tensors[i]!;
    const places = new Map(taken.map(([output, leaf]) => [output, tensors[leaf]!]));
    const results = await compiled.session.run(feeds, places.size > 0 ? places : undefined);
    return { tensors, results, replaced };
  } catch (error) {
    for (const array of donated) if (!replaced.has(array)) array.setDonated(false);
    throw error;
  } finally {
    for (const array of arrays) array.countReaders(-1);
    inUse.delete(leaves);
  }
}
