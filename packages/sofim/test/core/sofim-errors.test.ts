import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  InvalidArgumentError,
  Sofim,
  SofimError,
  sofimDefaults,
  TreeMismatchError,
} from "../../src/core/index.js";
import { checkOptionNames, type OptionNames } from "../../src/core/option-names.js";

/** Calls `run` and returns the InvalidArgumentError that it must throw. */
function invalid(run: () => unknown): InvalidArgumentError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return error as InvalidArgumentError;
  }
  throw new Error("nothing was thrown");
}

// Values that the types forbid, as JavaScript callers can still pass them.
const wrong = (value: unknown) => value as never;

describe("Sofim's options", () => {
  const bad: [string, unknown[]][] = [
    ["learningRate", [Number.NaN, -1, Number.POSITIVE_INFINITY, "0.1"]],
    ["beta", [Number.NaN, -0.1, 1, 2, "0.9"]],
    ["rho", [Number.NaN, 0, -1, Number.POSITIVE_INFINITY, "1"]],
    ["weightDecay", [Number.NaN, -1e-9, Number.POSITIVE_INFINITY]],
    ["direction", ["momentum", 1]],
    ["dtype", ["float16", 32]],
    ["blocks", ["tensor", [1, 1], [], 3]],
  ];
  for (const [option, values] of bad) {
    for (const value of values) {
      it(`rejects ${option}: ${JSON.stringify(value)} ${String(value)}`, () => {
        const error = invalid(() => new Sofim(3, { [option]: value }));
        expect(error.argument).toBe(option);
        expect(error.received).toBe(value);
      });
    }
  }

  it("rejects block lengths that are not positive integers", () => {
    expect(invalid(() => new Sofim(3, { blocks: [3, 0] })).argument).toBe("blocks[1]");
    expect(invalid(() => new Sofim(3, { blocks: [1.5, 1.5] })).argument).toBe("blocks[0]");
  });

  it.each([0, -1, 1.5, Number.NaN, "3"])("rejects size %s", (size) => {
    expect(invalid(() => new Sofim(wrong(size))).argument).toBe("size");
  });

  it("are checked when set later, and keep their value if that fails", () => {
    const optimizer = new Sofim(3);
    for (const option of ["learningRate", "beta", "rho", "weightDecay"] as const) {
      const before = optimizer[option];
      expect(before).toBe(sofimDefaults[option]);
      expect(
        invalid(() => {
          optimizer[option] = Number.NaN;
        }).argument,
      ).toBe(option);
      expect(optimizer[option]).toBe(before);
      optimizer[option] = 0.25;
      expect(optimizer[option]).toBe(0.25);
    }
  });

  it.each([
    [{ lr: 1 }, "lr: got 1, want one of the options learningRate, beta, rho, weightDecay,"],
    [{ toString: 1 }, "toString: got 1, want one of the options learningRate,"],
    [0.1, "options: got 0.1, want an object of learningRate, beta,"],
    [null, "options: got null, want an object of"],
    [[0.1], "options: got an array of length 1, want an object of"],
  ])("reject %o, which is misspelt or misplaced", (options, message) => {
    expect(invalid(() => new Sofim(3, wrong(options))).message).toContain(message);
  });

  it("say in the message what is wrong", () => {
    expect(invalid(() => new Sofim(3, { learningRate: Number.NaN })).message).toBe(
      "learningRate: got NaN, want a finite number >= 0",
    );
    expect(invalid(() => new Sofim(3, { direction: wrong("x") })).message).toBe(
      'direction: got "x", want "moment" or "gradient"',
    );
    expect(invalid(() => new Sofim(3, { blocks: [1, 1] })).message).toBe(
      'blocks: got an array of length 2, want "global" or an array of positive block lengths that sum to 3 (these sum to 2)',
    );
  });
});

describe("checkOptionNames", () => {
  interface Options {
    readonly rate: number;
    readonly memory?: number | undefined;
  }
  const names: OptionNames<Options> = { rate: "required", memory: "optional" };

  it("returns the options, whatever their values", () => {
    const options: Options = { rate: wrong([1]), memory: undefined };
    expect(checkOptionNames(options, names)).toBe(options);
  });

  it("says which options there are, and which are required", () => {
    expect(invalid(() => checkOptionNames<Options>(wrong(undefined), names)).message).toBe(
      "options: got undefined, want an object of rate (required), memory",
    );
  });

  it("takes no list that lacks an option, or has it otherwise", () => {
    // @ts-expect-error: the list lacks `memory`
    const short: OptionNames<Options> = { rate: "required" };
    // @ts-expect-error: `rate` must not be left out
    const lax: OptionNames<Options> = { rate: "optional", memory: "optional" };
    // @ts-expect-error: there is no `decay`
    const long: OptionNames<Options> = { rate: "required", memory: "optional", decay: "optional" };
    // @ts-expect-error: the list of other options
    expect(() => checkOptionNames({ rate: 1, decay: 2 }, names)).toThrow(/^decay: got 2/);
    expect([short, lax, long]).toHaveLength(3);
  });
});

describe("Sofim.step", () => {
  it.each([undefined, null, [1, 2, 3], new Float64Array(3), new Float32Array(2), new Int32Array(3), {}, 3])(
    "rejects %s",
    (value) => {
      const optimizer = new Sofim(3);
      const good = new Float32Array(3);
      expect(invalid(() => optimizer.step(wrong(value), good)).argument).toBe("weights");
      expect(invalid(() => optimizer.step(good, wrong(value))).argument).toBe("gradient");
      expect(optimizer.steps).toBe(0);
    },
  );

  it("names what it got and wants", () => {
    expect(invalid(() => new Sofim(3).step(new Float32Array(3), new Float64Array(3))).message).toBe(
      "gradient: got a Float64Array of length 3, want a Float32Array of length 3",
    );
  });
});

describe("Sofim.restore", () => {
  const good = { moment: new Float32Array(3), momentWeight: 0.5, steps: 1, skippedSteps: 0 };
  const bad: [string, unknown][] = [
    ["state", null],
    ["state", "x"],
    ["state.moment", { ...good, moment: new Float64Array(3) }],
    ["state.moment", { ...good, moment: new Float32Array(4) }],
    ["state.moment[1]", { ...good, moment: Float32Array.of(0, Number.NaN, 0) }],
    ["state.momentWeight", { ...good, momentWeight: 1.5 }],
    ["state.momentWeight", { ...good, momentWeight: "1" }],
    ["state.steps", { ...good, steps: -1 }],
    ["state.skippedSteps", { ...good, skippedSteps: 0.5 }],
  ];
  it.each(bad)("rejects a wrong %s and stays as it was", (argument, state) => {
    const optimizer = new Sofim(3);
    optimizer.step(new Float32Array(3), Float32Array.of(1, 2, 3));
    const before = optimizer.state();
    expect(invalid(() => optimizer.restore(wrong(state))).argument).toBe(argument);
    expect(optimizer.state()).toEqual(before);
  });
});

describe("errors", () => {
  it("have names and a common base", () => {
    expect(new InvalidArgumentError("a", 1, "b")).toBeInstanceOf(SofimError);
    expect(new TreeMismatchError("a.b", "text")).toMatchObject({ name: "TreeMismatchError", path: "a.b" });
    expect(String(new SofimError("text"))).toBe("SofimError: text");
  });
});

describe("kernels", () => {
  it.each(["", "window-"])("are the same text for both array classes (%sfloat)", (prefix) => {
    const read = (name: string) =>
      readFileSync(new URL(`../../src/core/kernels/${name}.ts`, import.meta.url), "utf8")
        .split("\n")
        .filter((line) => !line.startsWith("//"))
        .join("\n")
        .replaceAll("Float32Array", "Float64Array")
        .trim();
    expect(read(`${prefix}float64`)).toBe(read(`${prefix}float32`));
  });
});
