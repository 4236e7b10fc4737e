import { InvalidArgumentError } from "./errors.js";

/**
 * The name of every option, and whether it may be left out. A record and not a list, so that an option that was added to
 * `Options` and not here does not compile.
 */
export type OptionNames<Options> = {
  readonly [Name in keyof Options]-?: Partial<Pick<Options, Name>> extends Pick<Options, Name>
    ? "optional"
    : "required";
};

/**
 * Returns `options` if it is an object all of whose keys are options; throws otherwise. It looks at names alone: values
 * may be anything, arrays that `injectHyperparams` puts in the place of numbers as well.
 *
 * @throws InvalidArgumentError naming the key that is no option, and the options that exist.
 */
export function checkOptionNames<Options extends object>(
  options: Options,
  names: OptionNames<NoInfer<Options>>,
): Options {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError("options", options, `an object of ${listed(names)}`);
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) {
      throw new InvalidArgumentError(name, Reflect.get(options, name), `one of the options ${listed(names)}`);
    }
  }
  return options;
}

function listed(names: Readonly<Record<string, unknown>>): string {
  return Object.entries(names)
    .map(([name, presence]) => (presence === "required" ? `${name} (required)` : name))
    .join(", ");
}
