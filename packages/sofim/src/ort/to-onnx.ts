/** Export of traced functions as ONNX files. */
import { type JsTree, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/index.js";
import { type Abstract, type Leaf, typeOf } from "./leaf.js";
import { encodeModel } from "./model.js";
import { type Traceable, trace } from "./trace.js";
import type { ArgumentsWithLeaves } from "./with-leaves.js";

/**
 * The bytes of an ONNX file that computes `fn`, in standard operators only.
 *
 * @param fn - takes and returns trees of jax-js arrays; traced as by `jit`
 * @param args - arguments of the shapes and types to export for; their elements do not matter and they are
 *   not consumed
 * @returns the file's bytes; its inputs and outputs are the leaves of the arguments and of the result, in
 *   the order in which jax-js flattens trees
 * @throws InvalidArgumentError for arguments that are no list, and for leaves that are no arrays
 * @throws UnsupportedPrimitiveError if the function uses an operation without a lowering
 * @example
 * ```ts
 * import { init, numpy as np } from "@jax-js/jax";
 * import { toOnnx } from "sofim/ort";
 *
 * await init("wasm");
 * const x = np.zeros([2, 3]);
 * const bytes = await toOnnx((rows: np.Array) => np.exp(rows), [x]);
 * if (bytes.length === 0) throw new Error("unexpected");
 * x.dispose();
 * ```
 */
export async function toOnnx<F extends Traceable>(
  fn: F,
  args: ArgumentsWithLeaves<Parameters<F>, Leaf>,
): Promise<Uint8Array> {
  if (typeof fn !== "function") throw new InvalidArgumentError("fn", fn, "a function of jax-js arrays");
  if (!Array.isArray(args))
    throw new InvalidArgumentError("args", args, "a list of the function's arguments");
  const [leaves, structure] = tree.flatten(args as JsTree<Leaf>);
  const types = tree.unflatten(structure, leaves.map(typeOf)) as JsTree<Abstract>[];
  const { graph } = await trace(fn, types, { returns: "all", target: "cpu" });
  return encodeModel(graph);
}
