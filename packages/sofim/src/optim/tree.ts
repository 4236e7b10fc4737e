import type { numpy as np } from "@jax-js/jax";
import { TreeMismatchError } from "../core/errors.js";
import type { ArrayTree } from "./transformation.js";

/** Where a leaf stands in a tree: object keys and array indices from the root. */
export type LeafPath = readonly (string | number)[];

/** Writes a path as one would in code: `conv1.weight`, `layers[0].w`. */
export function formatPath(path: LeafPath): string {
  return path.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
}

/** The paths of all leaves, in the order in which jax-js flattens the tree. */
export function leafPaths(root: ArrayTree): LeafPath[] {
  const paths: LeafPath[] = [];
  const visit = (node: ArrayTree, path: LeafPath): void => {
    const children = childrenOf(node);
    if (children === undefined) paths.push(path);
    else for (const [key, child] of children) visit(child, [...path, key]);
  };
  visit(root, []);
  return paths;
}

/**
 * Checks that a tree has the structure, shapes and (unless `dtypes` is "any") dtypes of a reference tree. Consumes
 * nothing.
 *
 * @throws TreeMismatchError naming the first difference.
 */
export function checkSameTree(
  name: string,
  root: ArrayTree,
  referenceName: string,
  reference: ArrayTree,
  dtypes: "same" | "any" = "same",
): void {
  const fail = (path: LeafPath, difference: string): never => {
    const at = path.length === 0 ? "the root" : formatPath(path);
    throw new TreeMismatchError(
      formatPath(path),
      `${name} differ from ${referenceName} at ${at}: ${difference}`,
    );
  };
  const visit = (node: ArrayTree, other: ArrayTree, path: LeafPath): void => {
    const children = childrenOf(node);
    const others = childrenOf(other);
    if (children === undefined || others === undefined || Array.isArray(node) !== Array.isArray(other)) {
      const difference =
        children === undefined && others === undefined
          ? leafDifference(node, other, dtypes)
          : kinds(node, other);
      if (difference !== undefined) fail(path, difference);
      return;
    }
    const missing = others.find(([key]) => !children.some(([k]) => k === key));
    if (missing !== undefined) fail([...path, missing[0]], "missing");
    for (const [i, [key, child]] of children.entries()) {
      const match = others.find(([k]) => k === key);
      if (match === undefined) fail([...path, key], "unexpected");
      // jax-js pairs leaves by position: the same keys in another order would pair the wrong ones.
      else if (others[i]![0] !== key) fail(path, `keys in the order ${order(children)} vs ${order(others)}`);
      else visit(child, match[1], [...path, key]);
    }
  };
  visit(root, reference, []);
}

type Children = [key: string | number, child: ArrayTree][];

/** The children of an inner node, by the rules of jax-js; undefined for a leaf. */
function childrenOf(node: ArrayTree): Children | undefined {
  if (Array.isArray(node)) return [...node.entries()];
  const plain = typeof node === "object" && node !== null && node.constructor === Object;
  return plain ? (Object.entries(node) as Children) : undefined;
}

function leafDifference(node: ArrayTree, other: ArrayTree, dtypes: "same" | "any"): string | undefined {
  const a = node as np.Array;
  const b = other as np.Array;
  if (!isArray(a) || !isArray(b)) return kinds(node, other);
  const [shape, wanted] = [JSON.stringify(a.shape), JSON.stringify(b.shape)];
  if (shape !== wanted) return `shape ${shape} vs ${wanted}`;
  return dtypes === "any" || a.dtype === b.dtype ? undefined : `dtype ${a.dtype} vs ${b.dtype}`;
}

function isArray(leaf: unknown): boolean {
  return typeof leaf === "object" && leaf !== null && "shape" in leaf && "dtype" in leaf;
}

function kinds(node: ArrayTree, other: ArrayTree): string {
  return `${kind(node)} vs ${kind(other)}`;
}

function kind(node: ArrayTree): string {
  const children = childrenOf(node);
  if (children === undefined) return isArray(node) ? "an array" : String(node);
  return Array.isArray(node) ? `a list of ${children.length}` : `an object with keys ${order(children)}`;
}

function order(children: Children): string {
  return children.map(([key]) => key).join(", ");
}
