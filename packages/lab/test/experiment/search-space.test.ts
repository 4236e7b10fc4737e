import { describe, expect, it } from "vitest";
import { methods } from "../../src/experiment/methods.js";
import { protocols } from "../../src/experiment/protocol.js";
import { haltonPoint, type SearchSpace } from "../../src/experiment/search-space.js";

const decades: SearchSpace = {
  a: { kind: "log", low: 1, high: 10 },
  b: { kind: "log", low: 1, high: 10 },
  word: { kind: "choice", values: ["x", "y"] },
};

describe("haltonPoint", () => {
  it("gives the sequence's first points in bases 2, 3 and 5", () => {
    const shares = [
      [1 / 2, 1 / 3, "x"],
      [1 / 4, 2 / 3, "x"],
      [3 / 4, 1 / 9, "y"],
      [1 / 8, 4 / 9, "y"],
      [5 / 8, 7 / 9, "x"],
    ] as const;
    shares.forEach(([a, b, word], i) => {
      const point = haltonPoint(decades, i + 1);
      expect(point.a).toBe(Number((10 ** a).toPrecision(3)));
      expect(point.b).toBe(Number((10 ** b).toPrecision(3)));
      // 1/5, 2/5, 3/5, 4/5, 1/25 in base 5.
      expect(point.word).toBe(word);
    });
  });

  it("refuses more dimensions than it has bases for", () => {
    const five = Object.fromEntries("abcde".split("").map((name) => [name, decades.a!]));
    expect(() => haltonPoint(five, 1)).toThrow("space: got");
  });
});

describe("methods", () => {
  it.each(Object.entries(methods))(
    "%s takes every point of its space",
    (_, { definition, space, options }) => {
      const points = Array.from({ length: protocols.paper.trials }, (_, i) => haltonPoint(space, i + 1));
      const resolved = points.map((point) => definition.resolve(options(point)));
      for (const given of resolved) {
        expect(() => definition.create(given)).not.toThrow();
      }
      expect(new Set(resolved.map((given) => JSON.stringify(given))).size).toBe(points.length);
      expect(resolved.filter(({ schedule }) => schedule === "cosine")).toHaveLength(points.length / 2);
    },
  );
});
