import { SofimError } from "../core/errors.js";

/**
 * Finds for variables the names under which their moments were saved.
 *
 * Equal names belong together. Beyond that, TensorFlow.js Layers appends `_1`, `_2`, ... to the name of a weight,
 * "dense/kernel", when an earlier model of the same process had one of that name; so names with a slash that differ in
 * such an ending alone also belong together, in the order of their endings.
 *
 * @param saved Names that were saved.
 * @param current Names of the variables.
 * @returns From the current name to the saved one, for those that have one.
 * @throws SofimError if names differ in their endings alone, but more of one side than of the other.
 */
export function matchNames(saved: readonly string[], current: readonly string[]): Map<string, string> {
  const matches = new Map(current.filter((name) => saved.includes(name)).map((name) => [name, name]));
  const savedByStem = byStem(saved.filter((name) => !matches.has(name)));
  const currentByStem = byStem(current.filter((name) => !matches.has(name)));
  for (const [stem, currentNames] of currentByStem) {
    const savedNames = savedByStem.get(stem);
    if (savedNames === undefined) continue;
    if (savedNames.length !== currentNames.length) {
      throw new SofimError(
        `cannot tell which saved moments (${savedNames.join(", ")}) belong to which variables ` +
          `(${currentNames.join(", ")}): give the layers names of their own`,
      );
    }
    currentNames.forEach((name, i) => {
      matches.set(name, savedNames[i]!);
    });
  }
  return matches;
}

function byStem(names: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, { name: string; ending: number }[]>();
  for (const name of names) {
    const [, stem, ending] = /^(.*\/.*?)(?:_(\d+))?$/.exec(name) ?? [];
    if (stem === undefined) continue;
    const group = groups.get(stem) ?? [];
    group.push({ name, ending: Number(ending ?? 0) });
    groups.set(stem, group);
  }
  const sorted = [...groups].map(
    ([stem, group]) => [stem, group.sort((a, b) => a.ending - b.ending).map(({ name }) => name)] as const,
  );
  return new Map(sorted);
}
