import { DType, numpy as np, tree } from "@jax-js/jax";
import { InvalidArgumentError } from "../core/errors.js";
import { type GradientTransformation, type OptState, readState } from "./transformation.js";

/** State of an optimizer whose numbers are held in it. */
export type InjectedState = {
  /** The numeric options by name, float32 scalars. Replace one to change it from the next step on. */
  readonly hyperparams: Record<string, np.Array>;
  readonly inner: OptState;
};

/**
 * Moves an optimizer's numeric options into its state, where changing one needs no new trace: a sweep or a schedule run
 * by hand reuses one compiled step.
 *
 * Every option given as a number becomes a float32 scalar in `hyperparams`; other options (schedules, flags, functions)
 * and those left to their defaults stay as they are. Numbers are checked here, when they are given; values put into the
 * state later are not.
 *
 * State: `{ hyperparams, inner }`.
 *
 * @param factory A function from one options object to a transformation, such as `sofim` or `adam`.
 * @param fixed Names of numeric options that stay numbers: those that say how many or seed, as `columns` and `seed` of
 * `nysNewton`. Default: none.
 * @returns The same function, making a transformation with this state.
 * @throws InvalidArgumentError when it is called with options that `factory` rejects, as numbers or as arrays (then
 * `fixed` must name them), or where `fixed` has a name that `factory` rejects.
 *
 * @example
 * ```ts
 * import { defaultDevice, init, numpy as np } from "@jax-js/jax";
 * import { type InjectedState, injectHyperparams, sofim } from "sofim";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * const optimizer = injectHyperparams(sofim)({ learningRate: 0.1, rho: 0.1 });
 * const state = optimizer.init(np.zeros([2])) as InjectedState;
 * state.hyperparams.learningRate!.dispose();
 * state.hyperparams.learningRate = np.array(0, { dtype: np.float32 });
 * const [updates] = optimizer.update(np.array([1, 2]), state);
 * const [first] = await updates.data();
 * if (Math.abs(first!) !== 0) throw new Error("expected no update at learning rate 0");
 * ```
 */
export function injectHyperparams<Options extends object | undefined>(
  factory: (options: Options) => GradientTransformation,
  fixed: readonly (keyof NonNullable<Options> & string)[] = [],
): (options: NonNullable<Options>) => GradientTransformation {
  if (!Array.isArray(fixed)) throw new InvalidArgumentError("fixed", fixed, 'a list such as ["seed"]');
  return (options) => {
    if (typeof options !== "object" || options === null) {
      throw new InvalidArgumentError("options", options, "an object such as { learningRate: 0.1 }");
    }
    // Checks the numbers; arrays are not looked into.
    const { needsRawGradients } = factory(options);
    checkFixed(factory, options, fixed);
    const numbers = Object.entries(options).filter(
      (entry): entry is [string, number] =>
        typeof entry[1] === "number" && !fixed.some((name) => name === entry[0]),
    );
    checkInjectable(factory, options, numbers, fixed);
    return {
      needsRawGradients,
      init(params) {
        const hyperparams = toScalars(numbers);
        return { hyperparams, inner: factory({ ...options, ...hyperparams }).init(params) };
      },
      update(updates, state, params, extra) {
        const { hyperparams, inner } = readState<InjectedState>("injectHyperparams", state, [
          "hyperparams",
          "inner",
        ]);
        const [result, next] = factory({ ...options, ...hyperparams }).update(updates, inner, params, extra);
        return [result, { hyperparams, inner: next }];
      },
    };
  };
}

type Factory<Options> = (options: Options) => GradientTransformation;

/** Throws for a name that is no option: left without a value, it is known to the factory or rejected by name. */
function checkFixed<Options extends object | undefined>(
  factory: Factory<Options>,
  options: NonNullable<Options>,
  fixed: readonly string[],
): void {
  for (const name of fixed) {
    if (Object.hasOwn(options, name)) continue;
    try {
      factory({ ...options, [name]: undefined });
    } catch (error) {
      if (!(error instanceof InvalidArgumentError) || error.argument !== name) throw error;
      throw new InvalidArgumentError("fixed", name, error.expected);
    }
  }
}

/** Throws for numbers that cannot be arrays, which `init` would otherwise be the first to see. */
function checkInjectable<Options extends object | undefined>(
  factory: Factory<Options>,
  options: NonNullable<Options>,
  numbers: readonly [string, number][],
  fixed: readonly string[],
): void {
  const scalars = toScalars(numbers);
  try {
    factory({ ...options, ...scalars });
  } catch (error) {
    const rejected = error instanceof InvalidArgumentError ? error.received : undefined;
    const found = numbers.find(([name]) => scalars[name] === rejected);
    if (found === undefined) throw error;
    const [name, value] = found;
    const remedy = `its name in injectHyperparams(factory, ${JSON.stringify([...fixed, name])})`;
    throw new InvalidArgumentError(name, value, `${remedy}, as it must stay a number`);
  } finally {
    tree.dispose(scalars);
  }
}

function toScalars(numbers: readonly [string, number][]): Record<string, np.Array> {
  return Object.fromEntries(
    numbers.map(([name, value]) => [name, np.array(value, { dtype: DType.Float32 })]),
  );
}
