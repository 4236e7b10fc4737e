/** Element-wise primitives: operands are brought to one layout, chosen so that little is transposed. */
import { cast, type GraphBuilder, int, not, string } from "../graph.js";
import { type ElementType, type Primitive, product, promote } from "../jaxpr.js";
import type { OnnxType } from "../model.js";
import { arrange, layoutOrder, padRank, reshapeTensor, unflip, type View, viewOf } from "../view.js";
import { toElementType } from "./convert.js";
import { type Rule, refuse } from "./rule.js";

/** Emits the operator on tensors of a common layout with the given dimensions; returns its output. */
type Emit = (tensors: readonly string[], dims: readonly number[]) => string;

export const isFloat = (type: ElementType): boolean => type.startsWith("float");

/** The elements of `v` in another type. */
export const converted = (graph: GraphBuilder, v: View, type: ElementType): View => ({
  ...v,
  tensor: cast(graph, v.tensor, type),
  type,
});

/** Applies an operator to views of possibly different layouts; `type` is the type of what `emit` returns. */
export function elementwise(
  graph: GraphBuilder,
  operands: readonly View[],
  type: ElementType,
  shape: readonly number[],
  emit: Emit,
): View {
  const views = operands.map((v) => unflip(graph, padRank(v, shape.length)));
  const order = commonOrder(views, shape.length);
  const dims = order.map((d) => shape[d]!);
  const result = emit(
    views.map((v) => upsampled(graph, v, order, dims) ?? arrange(graph, v, order)),
    dims,
  );
  const axes = shape.map((_, d) => (order.includes(d) ? order.indexOf(d) : null));
  return viewOf(result, type, shape, axes);
}

/** The order of dimensions, among the operands' own, for which the fewest elements are transposed. */
function commonOrder(views: readonly View[], rank: number): readonly number[] {
  const used = Array.from({ length: rank }, (_, d) => d).filter((d) => views.some((v) => v.axes[d] !== null));
  const candidates = [used, ...views.map(layoutOrder)].map((order) => [
    ...used.filter((d) => !order.includes(d)),
    ...order,
  ]);
  const cost = (order: readonly number[]) =>
    views.reduce((sum, v) => sum + (followsOrder(layoutOrder(v), order) ? 0 : size(v)), 0);
  return candidates.reduce((best, order) => (cost(order) < cost(best) ? order : best));
}

const size = (v: View): number => product(layoutOrder(v).map((d) => v.shape[d]!));

function followsOrder(own: readonly number[], order: readonly number[]): boolean {
  return own.every((d, i) => i === 0 || order.indexOf(own[i - 1]!) < order.indexOf(d));
}

/**
 * An operand that is constant within the windows of a pooled image ([..., h, kh, w, kw], varying over h and
 * w only) as a nearest-neighbour upsampling: ONNX Runtime's broadcasts over short inner axes are more than
 * ten times slower. Undefined where this is not the case.
 */
function upsampled(
  graph: GraphBuilder,
  v: View,
  order: readonly number[],
  dims: readonly number[],
): string | undefined {
  const [h, kh, w, kw] = order.slice(-4);
  if (order.length < 4 || v.type !== "float32") return undefined;
  const varies = (d: number | undefined) => v.axes[d!] !== null;
  if (!varies(h) || varies(kh) || !varies(w) || varies(kw)) return undefined;
  const outer = order.slice(0, -4).filter(varies);
  const planes = product(outer.map((d) => v.shape[d]!));
  const [height, scaleH, width, scaleW] = dims.slice(-4) as [number, number, number, number];
  const image = reshapeTensor(graph, arrange(graph, v, [...outer, h!, w!]), [1, planes, height, width]);
  const scales = graph.constant("float32", [4], Float32Array.of(1, 1, scaleH, scaleW));
  const large = graph.emit(
    "Resize",
    [image, "", scales],
    "float32",
    [1, planes, height * scaleH, width * scaleW],
    {
      mode: string("nearest"),
      coordinate_transformation_mode: string("asymmetric"),
      nearest_mode: string("floor"),
    },
  );
  const leading = order.slice(0, -4).map((d) => (varies(d) ? v.shape[d]! : 1));
  return reshapeTensor(graph, large, [...leading, height, scaleH, width, scaleW]);
}

/**
 * The type in which ONNX Runtime has arithmetic for `type`: uint32 goes through int64, and wraps when it is
 * cast back.
 */
const arithmeticType = (type: ElementType): OnnxType => (type === "uint32" ? "int64" : type);

/** A unary operator; on a view it needs no layout but the tensor's own. `only` is the type that it exists for. */
function unary<P extends Primitive>(op: string, only?: OnnxType): Rule<P> {
  return ({ graph, operands, outputs }) => {
    const [{ dtype, shape }] = outputs as [(typeof outputs)[number]];
    const work = only ?? arithmeticType(dtype);
    return [
      elementwise(graph, operands, dtype, shape, ([x], dims) =>
        cast(graph, graph.emit(op, [cast(graph, x!, work)], work, dims), dtype),
      ),
    ];
  };
}

/** Rounding to whole numbers, which integers are. */
const rounding =
  <P extends Primitive>(op: string): Rule<P> =>
  (application) =>
    isFloat(application.outputs[0]!.dtype) ? unary<P>(op)(application) : application.operands;

const neg: Rule<"neg"> = (application) => {
  const { dtype } = application.outputs[0]!;
  const rule = dtype === "bool" ? refuse("neg", "a truth value has no opposite number") : unary<"neg">("Neg");
  return rule(application);
};

/** A binary operator on numbers; booleans, where they have a meaning, use `logical`. */
function binary<P extends Primitive>(op: string, logical?: string): Rule<P> {
  return ({ graph, operands, outputs }) => {
    const [{ dtype, shape }] = outputs as [(typeof outputs)[number]];
    const isLogical = dtype === "bool" && logical !== undefined;
    const work = dtype === "bool" && !isLogical ? "int32" : arithmeticType(dtype);
    const name = isLogical ? logical : op;
    return [
      elementwise(graph, operands, dtype, shape, (xs, dims) =>
        cast(
          graph,
          graph.emit(
            name,
            xs.map((x) => cast(graph, x, work)),
            work,
            dims,
          ),
          dtype,
        ),
      ),
    ];
  };
}

/** Truncating division and its remainder (sign of the dividend), as jax-js defines them. */
const idiv: Rule<"idiv"> = ({ graph, operands, outputs }) => {
  const [{ dtype, shape }] = outputs as [(typeof outputs)[number]];
  const work = arithmeticType(dtype);
  return [
    elementwise(graph, operands, dtype, shape, (xs, dims) => {
      const quotient = graph.emit(
        "Div",
        xs.map((x) => cast(graph, x, work)),
        work,
        dims,
      );
      if (!isFloat(dtype)) return cast(graph, quotient, dtype); // ONNX truncates integers itself
      const towardsZero = ["Floor", "Ceil"].map((op) => graph.emit(op, [quotient], work, dims)) as [
        string,
        string,
      ];
      const negative = graph.emit("Less", [quotient, graph.scalar(work, 0)], "bool", dims);
      return graph.emit("Where", [negative, towardsZero[1], towardsZero[0]], work, dims);
    }),
  ];
};

const mod: Rule<"mod"> = ({ graph, operands, outputs }) => {
  const [{ dtype, shape }] = outputs as [(typeof outputs)[number]];
  const work = arithmeticType(dtype);
  return [
    elementwise(graph, operands, dtype, shape, (xs, dims) => {
      const inputs = xs.map((x) => cast(graph, x, work));
      return cast(graph, graph.emit("Mod", inputs, work, dims, { fmod: int(1) }), dtype);
    }),
  ];
};

const comparisons = { less: "Less", equal: "Equal", less_equal: "LessOrEqual", not_equal: "Equal" } as const;

const compare: Rule<"compare"> = ({ graph, operands, inputs, outputs, params }) => {
  const promoted = promote(inputs[0]!, inputs[1]!);
  const ordered = params.op === "less" || params.op === "less_equal";
  const work = promoted === "bool" && ordered ? "int32" : arithmeticType(promoted);
  return [
    elementwise(graph, operands, "bool", outputs[0]!.shape, (xs, dims) => {
      const result = graph.emit(
        comparisons[params.op],
        xs.map((x) => cast(graph, x, work)),
        "bool",
        dims,
      );
      return params.op === "not_equal" ? not(graph, result) : result;
    }),
  ];
};

const where: Rule<"where"> = ({ graph, operands, outputs }) => {
  const [{ dtype, shape }] = outputs as [(typeof outputs)[number]];
  const work = dtype === "bool" ? "uint8" : arithmeticType(dtype);
  return [
    elementwise(graph, operands, dtype, shape, ([condition, x, y], dims) => {
      if (isMagnitude(graph, condition!, x!, y!)) return graph.emit("Abs", [y!], work, dims);
      const indicator = indicatorOf(graph, x!, y!);
      if (indicator !== undefined) {
        return cast(graph, indicator ? condition! : not(graph, condition!), dtype);
      }
      const branches = [x!, y!].map((branch) => cast(graph, branch, work));
      return cast(graph, graph.emit("Where", [condition!, ...branches], work, dims), dtype);
    }),
  ];
};

/** Whether `condition` is y < 0 and `x` is -y, as jax-js writes |y|. */
function isMagnitude(graph: GraphBuilder, condition: string, x: string, y: string): boolean {
  const type = graph.type(y);
  if (type !== "float32" && type !== "float64") return false;
  const is = (tensor: string, op: string, value: number) => {
    const producer = graph.producer(tensor);
    return (
      producer?.op === op && producer.inputs[0] === y && producer.inputs[1] === graph.scalar(type, value)
    );
  };
  return is(condition, "Less", 0) && is(x, "Mul", -1);
}

/** Whether selecting between `x` and `y` is selecting 1 or 0 (true), 0 or 1 (false), or neither. */
function indicatorOf(graph: GraphBuilder, x: string, y: string): boolean | undefined {
  const is = (tensor: string, value: number) => tensor === graph.scalar(graph.type(tensor), value);
  if (is(x, 1) && is(y, 0)) return true;
  return is(x, 0) && is(y, 1) ? false : undefined;
}

const combinations = { and: "And", or: "Or", xor: "Xor" } as const;

const bitCombine: Rule<"bit_combine"> = ({ graph, operands, outputs, params }) => {
  const [{ dtype, shape }] = outputs as [(typeof outputs)[number]];
  const op = dtype === "bool" ? combinations[params.op] : `Bitwise${combinations[params.op]}`;
  return [
    elementwise(graph, operands, dtype, shape, (xs, dims) =>
      graph.emit(
        op,
        xs.map((x) => toElementType(graph, x, dtype)),
        dtype,
        dims,
      ),
    ),
  ];
};

/** What ONNX Runtime has of some functions; jax-js computes those of float64 in float32 as well. */
const FLOAT = "float32";

export const elementwiseRules = {
  add: binary<"add">("Add", "Or"),
  mul: binary<"mul">("Mul", "And"),
  idiv,
  mod,
  min: binary<"min">("Min", "And"),
  max: binary<"max">("Max", "Or"),
  bit_combine: bitCombine,
  neg,
  reciprocal: unary<"reciprocal">("Reciprocal"),
  floor: rounding<"floor">("Floor"),
  ceil: rounding<"ceil">("Ceil"),
  stop_gradient: (({ operands }) => operands) satisfies Rule<"stop_gradient">,
  cast: (({ graph, operands, outputs }) => {
    const [{ dtype, shape }] = outputs as [(typeof outputs)[number]];
    return [elementwise(graph, operands, dtype, shape, ([x]) => toElementType(graph, x!, dtype))];
  }) satisfies Rule<"cast">,
  sin: unary<"sin">("Sin"),
  cos: unary<"cos">("Cos"),
  asin: unary<"asin">("Asin", FLOAT),
  atan: unary<"atan">("Atan", FLOAT),
  exp: unary<"exp">("Exp"),
  log: unary<"log">("Log"),
  erf: unary<"erf">("Erf", FLOAT),
  sqrt: unary<"sqrt">("Sqrt"),
  compare,
  where,
};
