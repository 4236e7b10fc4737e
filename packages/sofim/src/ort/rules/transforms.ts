/** Functions that ONNX has under another form. */
import { type GraphBuilder, int } from "../graph.js";
import { product } from "../jaxpr.js";
import { dense, reshape, viewOf } from "../view.js";
import { elementwise } from "./common-layout.js";
import type { Rule } from "./rule.js";

/** The discrete Fourier transform along the last dimension, of real and imaginary parts. */
export const fftRule: Rule<"fft"> = ({ graph, operands, params }) => {
  const { shape, type } = operands[0]!;
  const length = shape.at(-1)!;
  const batch = product(shape.slice(0, -1));
  const parts = operands.map((v) => dense(graph, reshape(graph, v, [batch, length, 1])));
  const dims = [batch, length, 2];
  const joined = graph.emit("Concat", parts, type, dims, { axis: int(2) });
  const transformed = graph.emit("DFT", [joined], type, dims, {
    axis: int(1),
    inverse: int(params.inverse ? 1 : 0),
  });
  return [0, 1].map((part) => {
    const bounds = [[part], [part + 1], [2]].map((list) => graph.list(list));
    const cut = graph.emit("Slice", [transformed, ...bounds], type, [batch, length, 1]);
    return reshape(graph, viewOf(cut, type, [batch, length, 1]), shape);
  });
};

/**
 * Coefficients of a polynomial in t = 1 / (1 + |x| / 2), lowest power first, with
 * erfc(|x|) = t exp(-x^2 + polynomial(t)) to 1.2e-7 relative, also where erfc is tiny and 1 - erf(x) would
 * have no digits (W. H. Press et al., Numerical Recipes, section 6.2).
 */
const erfcPolynomial = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
  -0.82215223, 0.17087277,
];

export const erfcRule: Rule<"erfc"> = ({ graph, operands, outputs }) => {
  const { dtype, shape } = outputs[0]!;
  return [elementwise(graph, operands, dtype, shape, ([x], dims) => erfc(graph, x!, dims))];
};

function erfc(graph: GraphBuilder, x: string, dims: readonly number[]): string {
  const type = graph.type(x);
  const apply = (op: string, ...inputs: (string | number)[]) =>
    graph.emit(
      op,
      inputs.map((input) => (typeof input === "number" ? graph.scalar(type, input) : input)),
      type,
      dims,
    );
  const size = apply("Abs", x);
  const t = apply("Reciprocal", apply("Add", apply("Mul", size, 0.5), 1));
  const zero = apply("Mul", t, 0);
  const polynomial = erfcPolynomial.reduceRight(
    (sum, coefficient) => apply("Add", apply("Mul", sum, t), coefficient),
    zero,
  );
  const exponent = apply("Sub", polynomial, apply("Mul", x, x));
  const positive = apply("Mul", t, apply("Exp", exponent));
  const negative = graph.emit("Less", [x, graph.scalar(type, 0)], "bool", dims);
  return graph.emit("Where", [negative, apply("Sub", 2, positive), positive], type, dims);
}
