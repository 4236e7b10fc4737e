import { type numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError, TreeMismatchError } from "../core/errors.js";
import { extraOfGroup, LeafGroups } from "./leaf-groups.js";
import { type ArrayTree, type GradientTransformation, type OptState, readState } from "./transformation.js";
import { checkSameTree, formatPath, type LeafPath, leafPaths } from "./tree.js";

/** Says by a leaf's place and shape which group it belongs to. */
export type LabelOf = (path: LeafPath, shape: readonly number[]) => string;

/** Labels in the shape of the parameters; one that stands where the parameters have a tree is that of all its leaves. */
export type LabelTree = string | readonly LabelTree[] | { readonly [key: string]: LabelTree };

/**
 * Gives every group of parameters a transformation of its own.
 *
 * A group's transformation sees the parameters' tree with empty lists in the place of the leaves of other groups: paths
 * stay what they are for masks, norms go over the group alone, and its state has buffers for its own leaves only. The
 * functions in `extra` are those of the loss as a function of the group's parameters, the others being fixed.
 *
 * State: `{ groups }`, one state per label.
 *
 * @param transformations By label.
 * @param labels A function from a leaf's path and shape to its label, or a tree of labels.
 * @returns The transformation.
 * @throws InvalidArgumentError from `init` or `update` for a leaf whose label has no transformation, TreeMismatchError
 * for a leaf that the tree of labels does not reach or, from `update`, gradients that differ from the parameters.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, numpy as np } from "@jax-js/jax";
 * import { partition, sgd, sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const optimizer = partition(
 *   { matrices: sofim({ learningRate: 0.1, weightDecay: 1e-4 }), vectors: sgd({ learningRate: 0.5 }) },
 *   (_path, shape) => (shape.length > 1 ? "matrices" : "vectors"),
 * );
 * const params = () => ({ w: np.ones([2, 2]), b: np.ones([2]) });
 * const [updates, state] = optimizer.update(params(), optimizer.init(params()), params());
 * if ((await updates.b.data())[0] !== -0.5) throw new Error("expected a step of SGD");
 * if (!("groups" in state)) throw new Error("expected a state per group");
 * ```
 */
export function partition(
  transformations: Readonly<Record<string, GradientTransformation>>,
  labels: LabelOf | LabelTree,
): GradientTransformation {
  const entries = Object.entries(transformations);
  const labelOf = typeof labels === "function" ? labels : labelsByTree(labels);
  const assign = (root: ArrayTree): readonly string[] => {
    const leaves = tree.leaves<np.Array>(root);
    return leafPaths(root).map((path, i) => {
      const label = labelOf(path, leaves[i]!.shape);
      if (typeof label === "string" && Object.hasOwn(transformations, label)) return label;
      const expected = `one of the labels that have transformations, ${Object.keys(transformations).join(", ")}`;
      throw new InvalidArgumentError(`label of ${formatPath(path) || "the root"}`, label, expected);
    });
  };
  return {
    needsRawGradients: entries.map(([, t]) => t.needsRawGradients).find((reason) => reason !== undefined),
    init(params) {
      const groups = new LeafGroups(params, assign(params));
      const states = entries.map(([label, t]) => [label, t.init(groups.refOf(params, label))] as const);
      tree.dispose(params);
      return { groups: Object.fromEntries(states) };
    },
    update(updates, state, params, extra) {
      const { groups: states } = readState<{ groups: Record<string, OptState> }>("partition", state, [
        "groups",
      ]);
      const missing = entries.find(([label]) => states[label] === undefined);
      if (missing !== undefined) {
        throw new InvalidArgumentError(
          "state",
          state,
          `the state of a partition with the group ${missing[0]}`,
        );
      }
      if (params !== undefined) checkSameTree("gradients", updates, "params", params);
      const groups = new LeafGroups(updates, assign(updates));
      const results = new Map<string, ArrayTree>();
      const nextStates: Record<string, OptState> = {};
      for (const [label, transformation] of entries) {
        const [result, next] = transformation.update(
          groups.refOf(updates, label),
          states[label]!,
          params && groups.refOf(params, label),
          extra && extraOfGroup(extra, groups, label, params),
        );
        results.set(label, result);
        nextStates[label] = next;
      }
      tree.dispose(updates);
      tree.dispose(params);
      return [groups.merge(results) as typeof updates, { groups: nextStates }];
    },
  };
}

/** Looks labels up along a leaf's path. */
function labelsByTree(labels: LabelTree): LabelOf {
  return (path) => {
    let node: LabelTree | undefined = labels;
    for (const key of path) {
      if (typeof node === "string") break;
      node = (node as { readonly [key: string | number]: LabelTree } | undefined)?.[key];
    }
    if (typeof node === "string") return node;
    const at = formatPath(path) || "the root";
    throw new TreeMismatchError(formatPath(path), `labels have none for the parameters at ${at}`);
  };
}
