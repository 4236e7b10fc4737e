import { describe, expect, it } from "vitest";
import { SofimError } from "../../src/core/index.js";
import { matchNames } from "../../src/tfjs/match-names.js";

const match = (saved: string[], current: string[]) => Object.fromEntries(matchNames(saved, current));

describe("matchNames", () => {
  it("finds equal names, in any order", () => {
    expect(match(["a", "b", "c"], ["c", "d", "a"])).toEqual({ c: "c", a: "a" });
  });

  it("finds the weights of a model that was loaded beside or after another one", () => {
    const saved = ["dense/kernel", "dense/bias"];
    const loaded = { "dense/kernel_1": "dense/kernel", "dense/bias_1": "dense/bias" };
    expect(match(saved, ["dense/bias_1", "dense/kernel_1", "new/kernel"])).toEqual(loaded);
    expect(match(["dense/kernel_3"], ["dense/kernel"])).toEqual({ "dense/kernel": "dense/kernel_3" });
    expect(match(["dense/kernel_1", "head/kernel"], ["dense/kernel", "head/kernel"])).toEqual({
      "dense/kernel": "dense/kernel_1",
      "head/kernel": "head/kernel",
    });
  });

  it("keeps the order of several weights of one name, by number", () => {
    expect(match(["l/w", "l/w_1", "l/w_10"], ["l/w_12", "l/w_11", "l/w_100"])).toEqual({
      "l/w_11": "l/w",
      "l/w_12": "l/w_1",
      "l/w_100": "l/w_10",
    });
  });

  it("leaves names alone that the user made", () => {
    expect(match(["w_1"], ["w_2"])).toEqual({});
    expect(match(["w"], ["w", "w_1"])).toEqual({ w: "w" });
    expect(match(["layer_1/w"], ["layer_2/w"])).toEqual({});
  });

  it("does not guess", () => {
    expect(() => match(["l/w", "l/w_1"], ["l/w_2"])).toThrow(SofimError);
    expect(() => match(["l/w"], ["l/w_1", "l/w_2"])).toThrow(/cannot tell/);
  });
});
