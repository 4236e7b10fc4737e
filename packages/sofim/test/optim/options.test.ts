import type { numpy as np } from "@jax-js/jax";
import { describe, expect, it } from "vitest";
import {
  adahessian,
  adam,
  adamw,
  addDecayedWeights,
  InvalidArgumentError,
  injectHyperparams,
  lbfgs,
  nysNewton,
  scaleByAdahessian,
  scaleByAdam,
  scaleByNysNewton,
  scaleBySofim,
  sgd,
  sofim,
  trace,
  trainingStep,
} from "../../src/optim/index.js";

// As JavaScript callers see them: types forbid what is given here.
type Factory = (options?: unknown) => unknown;

const lenient = {
  sofim,
  scaleBySofim,
  adam,
  scaleByAdam,
  adamw,
  adahessian,
  scaleByAdahessian,
  nysNewton,
  scaleByNysNewton,
  trainingStep: (options?: object) => trainingStep((w: np.Array) => w, sgd({ learningRate: 0.1 }), options),
};
const demanding = {
  sgd: [sgd, "learningRate"],
  lbfgs: [lbfgs, "learningRate"],
  trace: [trace, "decay"],
  addDecayedWeights: [addDecayedWeights, "weightDecay"],
} as const;
const all = [...Object.entries(lenient), ...Object.entries(demanding).map(([name, [make]]) => [name, make])];

/** What `run` throws, which must be an InvalidArgumentError. */
function complaint(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return (error as InvalidArgumentError).message;
  }
  throw new Error("nothing was thrown");
}

describe.each(all as [string, Factory][])("%s", (_name, make) => {
  it.each([0.1, null, [0.1], () => 0.1])("rejects %s in the place of its options", (options) => {
    expect(complaint(() => make(options))).toMatch(/^options: got .*, want an object of \w+/);
  });

  it("rejects an option that it does not have", () => {
    expect(complaint(() => make({ lr: 0.1 }))).toMatch(/^lr: got 0.1, want one of the options \w+/);
    expect(complaint(() => make({ lr: undefined }))).toMatch(/^lr: got undefined, want one of/);
  });
});

it.each(Object.entries(demanding))("%s says what it must be given", (_name, [make, option]) => {
  expect(complaint(make as Factory)).toContain(
    `options: got undefined, want an object of ${option} (required)`,
  );
});

it("options of the whole are none of a part", () => {
  const options = { learningRate: 0.1 };
  for (const make of [scaleBySofim, scaleByAdam, scaleByAdahessian, scaleByNysNewton]) {
    expect(complaint(() => (make as Factory)(options))).toMatch(/^learningRate: got 0.1, want one of/);
  }
});

describe("injectHyperparams", () => {
  it("rejects options that the optimizer does not have", () => {
    expect(complaint(() => (injectHyperparams(adam) as Factory)({ lr: 0.1 }))).toMatch(/^lr: got 0.1/);
    for (const options of [0.1, null, undefined])
      expect(complaint(() => (injectHyperparams(adam) as Factory)(options))).toMatch(/^options: got/);
  });

  it("rejects names of fixed options that the optimizer does not have", () => {
    const misspelt = injectHyperparams(sofim, ["windwo" as "window"]);
    expect(complaint(() => misspelt({ rho: 1 }))).toMatch(
      /^fixed: got "windwo", want one of the options learningRate,/,
    );
    expect(complaint(() => misspelt({ rho: 1, window: 16 }))).toMatch(/^fixed: got "windwo"/);
    expect(complaint(() => injectHyperparams(sofim, "window" as never))).toMatch(/^fixed: got "window"/);
    expect(injectHyperparams(sofim, ["window"])({ rho: 1 })).toHaveProperty("init");
  });

  it.each([
    ["seed", injectHyperparams(adahessian), { seed: 1, learningRate: 0.1 }, '["seed"]'],
    ["seed", injectHyperparams(nysNewton, ["columns"]), { columns: 2, seed: 1 }, '["columns","seed"]'],
    ["columns", injectHyperparams(nysNewton), { rho: 1, columns: 2 }, '["columns"]'],
    ["window", injectHyperparams(sofim), { window: 16 }, '["window"]'],
    ["memory", injectHyperparams(lbfgs), { learningRate: 1, memory: 3 }, '["memory"]'],
  ] as [string, Factory, Record<string, number>, string][])(
    "rejects %s, which must stay a number, at the call and says how",
    (name, make, options, fixed) => {
      expect(complaint(() => make(options))).toBe(
        `${name}: got ${options[name]}, want its name in injectHyperparams(factory, ${fixed}), as it must stay a number`,
      );
    },
  );

  it("passes on what a factory says of arrays", () => {
    const stubborn = ({ rate }: { rate: unknown }) => {
      if (typeof rate !== "number") throw new RangeError("numbers only");
      return sgd({ learningRate: rate });
    };
    expect(() => injectHyperparams(stubborn)({ rate: 1 })).toThrow("numbers only");
  });
});
