import { DType, numpy as np } from "@jax-js/jax";
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
 * @throws InvalidArgumentError when it is called with options that `factory` rejects.
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
  return (options) => {
    // Checks the numbers; arrays are not looked into.
    const { needsRawGradients } = factory(options);
    const numbers = Object.entries(options).filter(
      (entry): entry is [string, number] =>
        typeof entry[1] === "number" && !fixed.some((name) => name === entry[0]),
    );
    return {
      needsRawGradients,
      init(params) {
        const hyperparams = Object.fromEntries(
          numbers.map(([name, value]) => [name, np.array(value, { dtype: DType.Float32 })]),
        );
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
