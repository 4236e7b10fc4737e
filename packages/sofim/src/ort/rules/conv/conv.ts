/** The rule of `conv`: which form of a convolution ONNX Runtime computes fastest. */
import { product } from "../../jaxpr.js";
import type { View } from "../../view.js";
import { converted } from "../convert.js";
import type { Rule } from "../rule.js";
import { correlateByConv, correlateByProducts, correlateByRows } from "./correlation.js";
import { directConv, transposedConv } from "./direct.js";
import { foldedConv } from "./folded.js";
import { gatheredConv } from "./gathered.js";
import { type Grouped, groupOperands, outputShape, ungroup } from "./grouped.js";

export const convRule: Rule<"conv"> = ({ graph, params, operands, outputs }) => {
  const { dtype, shape } = outputs[0]!;
  const alike = operands.map((v) => converted(graph, v, dtype)) as [View, View];
  const [images, kernels] = groupOperands(graph, alike, params.vmapDims);
  const groups = product(shape.slice(0, params.vmapDims));
  const conv = { graph, images, kernels, params, groups };
  const result = isForRuntime(conv) ? fastestForm(conv) : gatheredConv(conv);
  return [ungroup(graph, result, shape, params.vmapDims)];
};

/** Whether ONNX Runtime's convolutions include this one. */
function isForRuntime({ images, params }: Grouped): boolean {
  const { strides, lhsDilation } = params;
  const isStrided = strides.some((stride) => stride > 1);
  return images.type === "float32" && strides.length > 0 && !(isStrided && isDilated(lhsDilation));
}

function fastestForm(conv: Grouped): View {
  const { graph, kernels } = conv;
  if (graph.target === "gpu") return fastestOnGpu(conv);
  // ONNX Runtime has a faster form of its own for kernels that it knows.
  if (!graph.isConstant(kernels.tensor)) return fastestOnCpu(conv);
  return isInputGradient(conv) ? transposedConv(conv) : directConv(conv);
}

/** On a GPU, ONNX Runtime's transposed convolutions take 2.5 times as long as its convolutions of as many products. */
function fastestOnGpu(conv: Grouped): View {
  if (isCorrelation(conv)) return correlateByRows(conv);
  return isDilated(conv.params.lhsDilation) ? transposedConv(conv) : directConv(conv);
}

/** Whether this is the form of a gradient by kernels, or like it: a kernel larger than the result. */
function isCorrelation(conv: Grouped): boolean {
  const { images, kernels, params, groups } = conv;
  const isPlain = groups === 1 && !isDilated(params.lhsDilation) && product(images.shape) > 0;
  return isPlain && product(kernels.shape.slice(3)) > product(outputShape(conv).slice(2));
}

/**
 * ONNX Runtime convolves on a CPU by copying the windows of an image into the columns of a matrix, image by image, and
 * multiplying. The copies are fast where windows lie side by side in memory, the product where filters and columns are
 * many; each form gives it more of one or of the other. docs/performance.md has the times behind the limits.
 */
function fastestOnCpu(conv: Grouped): View {
  const { images, kernels, params, groups } = conv;
  const [batch, , ...size] = images.shape as [number, number, ...number[]];
  const filters = kernels.shape[1]!;
  if (isInputGradient(conv) && (groups > 1 || filters < fewFilters || isDilated(params.lhsDilation))) {
    return transposedConv(conv);
  }
  if (groups > 1 || isDilated(params.lhsDilation) || product(images.shape) === 0) return directConv(conv);
  if (isCorrelation(conv))
    return batch < fewImages || size.length !== 2 ? correlateByProducts(conv) : correlateByConv(conv);
  return batch > 1 && params.strides.at(-1) === 1 ? foldedConv(conv) : directConv(conv);
}

const isDilated = (dilation: readonly number[]): boolean => dilation.some((step) => step > 1);

/** Below it a transposed convolution, whose product has the kernel's positions beside the filters, is the faster one. */
const fewFilters = 16;

/** Below it a convolution has columns too short for its vector instructions. */
const fewImages = 16;

/**
 * Whether this is the form in which a convolution's gradient by its input arrives: stride 1, and a kernel
 * with reversed spatial dimensions or an input dilated by the forward stride.
 */
function isInputGradient({ kernels, params }: Grouped): boolean {
  const sizes = kernels.shape.slice(3);
  const isReversed = (size: number, i: number) => {
    const axis = kernels.axes[i + 3] ?? null;
    return size === 1 || (axis !== null && kernels.flipped.has(axis));
  };
  const reversed = kernels.flipped.size > 0 && sizes.every(isReversed);
  return (reversed || isDilated(params.lhsDilation)) && params.strides.every((stride) => stride === 1);
}
