import { numpy as np, tree } from "@jax-js/jax";
import type { ArrayTree, ExtraArgs } from "./transformation.js";

/** Takes trees of one structure apart into groups of leaves, and puts them together again. */
export class LeafGroups {
  readonly #structure: ReturnType<typeof tree.structure>;
  readonly #zeros: readonly (() => np.Array)[];
  readonly #labels: readonly string[];

  /** @param like - borrowed */
  constructor(like: ArrayTree, labels: readonly string[]) {
    const [leaves, structure] = tree.flatten<np.Array>(like);
    this.#structure = structure;
    this.#zeros = leaves.map(({ shape, dtype }) => {
      const sizes = [...shape];
      return () => np.zeros(sizes, { dtype });
    });
    this.#labels = labels;
  }

  /** One group of a tree, with empty lists for the leaves of others. Borrows the tree; the group is a reference. */
  refOf(root: ArrayTree, label: string): ArrayTree {
    const leaves = tree.leaves<np.Array>(root);
    return this.#build((i) => (this.#labels[i] === label ? leaves[i]!.ref : []));
  }

  /** One group of a tree, which it consumes. */
  only(root: ArrayTree, label: string): ArrayTree {
    const group = this.refOf(root, label);
    tree.dispose(root);
    return group;
  }

  /** The whole tree made of its groups. Consumes them. */
  merge(groups: ReadonlyMap<string, ArrayTree>): ArrayTree {
    const rest = new Map([...groups].map(([label, group]) => [label, tree.leaves<np.Array>(group)]));
    return this.#build((i) => rest.get(this.#labels[i]!)!.shift()!);
  }

  /** The whole tree made of one group, which it consumes, and of `others` (borrowed) or zeros elsewhere. */
  complete(group: ArrayTree, label: string, others?: ArrayTree): ArrayTree {
    const own = tree.leaves<np.Array>(group);
    const rest = others && tree.leaves<np.Array>(others);
    return this.#build((i) => {
      if (this.#labels[i] === label) return own.shift()!;
      return rest === undefined ? this.#zeros[i]!() : rest[i]!.ref;
    });
  }

  #build(leaf: (index: number) => ArrayTree): ArrayTree {
    const parts = this.#labels.map((_, i) => leaf(i));
    return tree.unflatten(this.#structure, parts as np.Array[]) as ArrayTree;
  }
}

/** `extra` with functions of the group's parameters alone. */
export function extraOfGroup(
  extra: ExtraArgs,
  groups: LeafGroups,
  label: string,
  params: ArrayTree | undefined,
): ExtraArgs {
  const { gradientAt, hessianVectorProduct, ...rest } = extra;
  return {
    ...rest,
    ...(gradientAt &&
      params && {
        gradientAt: <T extends ArrayTree>(at: T): T =>
          groups.only(gradientAt(groups.complete(at, label, params)), label) as T,
      }),
    ...(hessianVectorProduct && {
      hessianVectorProduct: <T extends ArrayTree>(vector: T): T =>
        groups.only(hessianVectorProduct(groups.complete(vector, label)), label) as T,
    }),
  };
}
