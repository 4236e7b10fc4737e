/** What is made better about a graph once all of it is known. */
import type { GraphBuilder } from "../graph.js";
import type { OnnxGraph } from "../model.js";
import { branch } from "./branch.js";
import { keepOnGpu } from "./gpu.js";
import { multiplyMasks } from "./masks.js";
import { joinNumbers } from "./numbers.js";
import { fuseProducts } from "./products.js";
import { mergeRepeatedTerms } from "./repeated-terms.js";
import { mergeSelections } from "./selections.js";

/** The same function of the same inputs. `builder` made the graph and knows its values. */
export function improve(graph: OnnxGraph, builder: GraphBuilder): OnnxGraph {
  const passes = [
    fuseProducts,
    mergeRepeatedTerms,
    joinNumbers,
    mergeSelections,
    branch,
    multiplyMasks,
    keepOnGpu,
  ];
  return passes.reduce((current, pass) => pass(current, builder), graph);
}
