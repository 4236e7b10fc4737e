import { InvalidArgumentError } from "sofim/core";

/** A hyperparameter that is a number; the optimizer itself checks its range. */
export interface NumberSpec {
  readonly kind: "number";
  readonly default: number;
  readonly help: string;
}

/** A hyperparameter that is one of a few words. */
export interface ChoiceSpec {
  readonly kind: "choice";
  readonly choices: readonly string[];
  readonly default: string;
  readonly help: string;
}

/** A hyperparameter that is on or off. */
export interface FlagSpec {
  readonly kind: "flag";
  readonly default: boolean;
  readonly help: string;
}

export type OptionSpec = NumberSpec | ChoiceSpec | FlagSpec;
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The type of the values that fit `Specs`. */
export type OptionValues<Specs extends OptionSpecs> = {
  readonly [K in keyof Specs]: Specs[K] extends NumberSpec
    ? number
    : Specs[K] extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : boolean;
};

export type OptionValue = number | string | boolean;

/**
 * Completes `given` with the defaults of `specs`.
 *
 * @throws InvalidArgumentError if `given` has a name that `specs` lacks, or a value of the wrong kind
 */
export function resolveOptions<Specs extends OptionSpecs>(
  owner: string,
  specs: Specs,
  given: Readonly<Record<string, OptionValue>>,
): OptionValues<Specs> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name)) {
      throw new InvalidArgumentError(`${owner} option`, name, `one of ${Object.keys(specs).join(", ")}`);
    }
  }
  const entries = Object.entries(specs).map(([name, spec]) => {
    const value = given[name] ?? spec.default;
    checkValue(name, spec, value);
    return [name, value] as const;
  });
  return Object.fromEntries(entries) as OptionValues<Specs>;
}

function checkValue(name: string, spec: OptionSpec, value: OptionValue): void {
  switch (spec.kind) {
    case "number":
      if (typeof value !== "number") throw new InvalidArgumentError(name, value, "a number");
      return;
    case "choice":
      if (!spec.choices.some((choice) => choice === value)) {
        throw new InvalidArgumentError(name, value, `one of ${spec.choices.join(", ")}`);
      }
      return;
    case "flag":
      if (typeof value !== "boolean") throw new InvalidArgumentError(name, value, "true or false");
  }
}
