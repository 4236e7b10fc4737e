import { Option } from "commander";
import type { OptimizerOptions } from "../workloads/optimizer-definition.js";
import { optimizerNames, optimizers } from "../workloads/optimizers.js";
import type { OptionSpec, OptionValue } from "../workloads/option-specs.js";
import { flagName, numberOption } from "./values.js";

/** One command-line option for every hyperparameter that any optimizer has. */
export function hyperparameterOptions(): Option[] {
  return [...allSpecs()].map(([name, { spec, owners }]) => {
    const flag = flagName(name);
    const option = new Option(
      spec.kind === "flag" ? flag : `${flag} <value>`,
      `${spec.help} (${owners.join(", ")})`,
    );
    option.helpGroup("Hyperparameters (default: the workload's):");
    if (spec.kind === "number") option.argParser(numberOption(flag));
    return option;
  });
}

/** The hyperparameters among parsed command-line flags. */
export function givenHyperparameters(flags: Readonly<Record<string, unknown>>): OptimizerOptions {
  const given: Record<string, OptionValue> = {};
  for (const name of allSpecs().keys()) {
    const value = flags[name];
    if (typeof value === "number" || typeof value === "string" || typeof value === "boolean")
      given[name] = value;
  }
  return given;
}

function allSpecs(): Map<string, { spec: OptionSpec; owners: string[] }> {
  const specs = new Map<string, { spec: OptionSpec; owners: string[] }>();
  for (const optimizer of optimizerNames) {
    for (const [name, spec] of Object.entries(optimizers[optimizer].options)) {
      const known = specs.get(name);
      if (known === undefined) specs.set(name, { spec, owners: [optimizer] });
      else known.owners.push(optimizer);
    }
  }
  return specs;
}
