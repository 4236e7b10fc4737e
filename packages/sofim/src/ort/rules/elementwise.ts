/** Element-wise primitives. */
import { cast, type GraphBuilder, int, not } from "../graph.js";
import { type ElementType, type Primitive, promote } from "../jaxpr.js";
import type { OnnxType } from "../model.js";
import { elementwise } from "./common-layout.js";
import { isFloat, operand, toElementType } from "./convert.js";
import { type Rule, refuse } from "./rule.js";

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
            xs.map((x) => operand(graph, x, dtype, work)),
            work,
            dims,
          ),
          dtype,
        ),
      ),
    ];
  };
}

/** The lesser or the greater of two; of uint32 by comparison, for ONNX Runtime's Min and Max of int64 see half the bits. */
function extreme<P extends Primitive>(op: "Min" | "Max", logical: string): Rule<P> {
  return (application) => {
    const { graph, operands, outputs } = application;
    const [{ dtype, shape }] = outputs as [(typeof outputs)[number]];
    if (dtype !== "uint32") return binary<P>(op, logical)(application);
    return [
      elementwise(graph, operands, dtype, shape, (xs, dims) => {
        const [x, y] = xs.map((tensor) => operand(graph, tensor, dtype, "int64")) as [string, string];
        const isLess = graph.emit("Less", [x, y], "bool", dims);
        const sides = op === "Min" ? [x, y] : [y, x];
        return cast(graph, graph.emit("Where", [isLess, ...sides], "int64", dims), dtype);
      }),
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
        xs.map((x) => operand(graph, x, dtype, work)),
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
      const inputs = xs.map((x) => operand(graph, x, dtype, work));
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
        xs.map((x) => operand(graph, x, promoted, work)),
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
      const branches = [x!, y!].map((branch) => operand(graph, branch, dtype, work));
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
  min: extreme<"min">("Min", "And"),
  max: extreme<"max">("Max", "Or"),
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
