import { InvalidArgumentError } from "sofim/core";

/** A parser for a whole-number option of at least `least`, to be handed to commander. */
export function integerOption(flag: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(flag, text, `a whole number of at least ${least}`);
    }
    return value;
  };
}

/** A parser for an option that is any finite number, to be handed to commander. */
export function numberOption(flag: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) {
      throw new InvalidArgumentError(flag, text, "a finite number");
    }
    return value;
  };
}

/** `learningRate` to `--learning-rate`. */
export function flagName(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
