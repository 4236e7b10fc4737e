/** Base class of every error this library throws on purpose. */
export class SofimError extends Error {
  override readonly name: string = "SofimError";
}

/** An argument or option that cannot be used: says which, what it was and what it should have been. */
export class InvalidArgumentError extends SofimError {
  override readonly name = "InvalidArgumentError";

  /**
   * @param argument Name of the argument as the caller wrote it, such as `learningRate`.
   * @param received The value that was given.
   * @param expected What is wanted instead, completing the sentence "want ...".
   */
  constructor(
    readonly argument: string,
    readonly received: unknown,
    readonly expected: string,
  ) {
    super(`${argument}: got ${describe(received)}, want ${expected}`);
  }
}

/** A tree that does not match the parameters' tree; `path` names the first place where they differ. */
export class TreeMismatchError extends SofimError {
  override readonly name = "TreeMismatchError";

  /**
   * @param path Where the trees differ, such as `layers[1].b`; empty for the root.
   * @param message The whole message.
   */
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** A short description of any value, fit for an error message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
    case "bigint":
    case "symbol":
      return String(value);
    case "function":
      return "a function";
    default:
      return describeObject(value);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  if (ArrayBuffer.isView(value) && "length" in value) {
    return `a ${value.constructor.name} of length ${String(value.length)}`;
  }
  const name = value.constructor?.name;
  return name === undefined || name === "Object" ? "an object" : `an instance of ${name}`;
}
