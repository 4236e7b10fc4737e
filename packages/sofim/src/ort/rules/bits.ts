/** Integers as bits, and the counter-based random numbers that are made of them. */
import { cast, type GraphBuilder, string } from "../graph.js";
import { type ElementType, product } from "../jaxpr.js";
import { reshape, type View, viewOf } from "../view.js";
import { elementwise } from "./common-layout.js";
import type { Rule } from "./rule.js";

/**
 * Shifts fill with zeros, also of int32, as in jax-js: ONNX shifts unsigned integers only. As in WebAssembly, of the number
 * of bits the lowest five count.
 */
export const bitShiftRule: Rule<"bit_shift"> = ({ graph, operands, outputs, params }) => {
  const { dtype, shape } = outputs[0]!;
  const direction = string(params.op === "shl" ? "LEFT" : "RIGHT");
  const result = elementwise(graph, operands, dtype, shape, (xs, dims) => {
    const [x, bits] = xs.map((operand) => cast(graph, operand, "uint32")) as [string, string];
    const lowest = graph.emit("BitwiseAnd", [bits, graph.scalar("uint32", 31)], "uint32", graph.dims(bits));
    return cast(graph, graph.emit("BitShift", [x, lowest], "uint32", dims, { direction }), dtype);
  });
  return [result];
};

/** Adds neighbouring groups of 1, 2, 4, 8 and 16 bits until one number is left. */
export const bitCountRule: Rule<"bit_count"> = ({ graph, operands, outputs }) => {
  const { dtype, shape } = outputs[0]!;
  const result = elementwise(graph, operands, dtype, shape, ([x], dims) => {
    const steps = [
      [1, 0x55555555],
      [2, 0x33333333],
      [4, 0x0f0f0f0f],
      [8, 0x00ff00ff],
      [16, 0x0000ffff],
    ] as const;
    const counted = steps.reduce(
      (bits, [width, mask]) => {
        const shift = [bits, graph.scalar("uint32", width)];
        const shifted = graph.emit("BitShift", shift, "uint32", dims, { direction: string("RIGHT") });
        const halves = [bits, shifted].map((half) => {
          const masked = graph.emit("BitwiseAnd", [half, graph.scalar("uint32", mask)], "uint32", dims);
          return cast(graph, masked, "int64");
        });
        return cast(graph, graph.emit("Add", halves, "int64", dims), "uint32");
      },
      cast(graph, x!, "uint32"),
    );
    return cast(graph, counted, dtype);
  });
  return [result];
};

/**
 * The same bits as another type. ONNX has no operator for it (before version 26 of its set): integers of one
 * size convert by wrapping, float32 is computed from sign, exponent and fraction, and these from it.
 */
export const bitcastRule: Rule<"bitcast"> = ({ graph, operands, outputs }) => {
  const { dtype, shape } = outputs[0]!;
  return [
    elementwise(graph, operands, dtype, shape, ([x], dims) => {
      if (graph.type(x!) === dtype) return x!;
      if (graph.type(x!) === "float32") return cast(graph, bitsOfFloat(graph, x!, dims), dtype);
      return dtype === "float32"
        ? floatOfBits(graph, cast(graph, x!, "uint32"), dims)
        : cast(graph, x!, dtype);
    }),
  ];
};

/** All NaNs have the bits of JavaScript's own. */
function bitsOfFloat(graph: GraphBuilder, x: string, dims: readonly number[]): string {
  const number = (value: number) => graph.scalar("float64", value);
  const apply = (op: string, ...inputs: string[]) => graph.emit(op, inputs, "float64", dims);
  const negative = (value: string) => graph.emit("Less", [value, number(0)], "bool", dims);
  const wide = cast(graph, x, "float64"); // every float32, also the smallest, is normal in float64
  // Infinity and NaN have the bits that numbers beyond the largest float32 would have.
  const limited = apply("Min", apply("Abs", wide), number(2 ** 128));
  const size = apply("Where", graph.emit("IsNaN", [wide], "bool", dims), number(1.5 * 2 ** 128), limited);
  // The logarithm of a power of two may come out too small and give the exponent below: with a fraction of 2, the same bits.
  const logarithm = apply("Div", apply("Log", size), number(Math.LN2));
  const exponent = apply("Max", apply("Floor", logarithm), number(-126));
  const fraction = apply("Mul", size, apply("Pow", number(2), apply("Sub", number(23), exponent)));
  const biased = apply("Mul", apply("Add", exponent, number(126)), number(2 ** 23));
  const isNegative = graph.emit("Or", [negative(wide), negative(apply("Reciprocal", wide))], "bool", dims);
  const sign = apply("Where", isNegative, number(2 ** 31), number(0)); // 1 / -0 is negative, -0 is not
  return cast(graph, apply("Add", apply("Add", biased, fraction), sign), "uint32");
}

function floatOfBits(graph: GraphBuilder, bits: string, dims: readonly number[]): string {
  const field = (shift: number, mask: number) => {
    const inputs = [bits, graph.scalar("uint32", shift)];
    const shifted = graph.emit("BitShift", inputs, "uint32", dims, { direction: string("RIGHT") });
    const masked = graph.emit("BitwiseAnd", [shifted, graph.scalar("uint32", mask)], "uint32", dims);
    return cast(graph, masked, "float64"); // every float32, also the smallest, is normal in float64
  };
  const number = (value: number) => graph.scalar("float64", value);
  const apply = (op: string, ...inputs: string[]) => graph.emit(op, inputs, "float64", dims);
  const equals = (x: string, value: number) => graph.emit("Equal", [x, number(value)], "bool", dims);
  const [sign, exponent, fraction] = [field(31, 1), field(23, 255), field(0, 0x7fffff)];
  const scaled = apply("Mul", fraction, number(2 ** -23));
  const subnormal = equals(exponent, 0);
  const mantissa = apply("Where", subnormal, scaled, apply("Add", scaled, number(1)));
  const power = apply("Sub", apply("Max", exponent, number(1)), number(127));
  const finite = apply("Mul", mantissa, apply("Pow", number(2), power));
  const special = apply("Where", equals(fraction, 0), number(Infinity), number(Number.NaN));
  const size = apply("Where", equals(exponent, 255), special, finite);
  const signed = apply("Mul", size, apply("Sub", number(1), apply("Mul", sign, number(2))));
  return cast(graph, signed, "float32");
}

/** Numbers modulo 2^32 in int64, where ONNX Runtime has all of their arithmetic. */
class Words {
  constructor(
    readonly graph: GraphBuilder,
    readonly shape: readonly number[],
  ) {}

  #apply(op: string, operands: readonly View[]): View {
    return elementwise(this.graph, operands, WORD, this.shape, (xs, dims) =>
      this.graph.emit(op, xs, "int64", dims),
    );
  }

  literal(value: number): View {
    return viewOf(this.graph.scalar("int64", value), WORD, []);
  }

  add(a: View, b: View): View {
    return this.#apply("BitwiseAnd", [this.#apply("Add", [a, b]), this.literal(0xffffffff)]);
  }

  xor(a: View, b: View): View {
    return this.#apply("BitwiseXor", [a, b]);
  }

  rotateLeft(a: View, bits: number): View {
    const wide = this.#apply("Mul", [a, this.literal(2 ** bits)]);
    const low = this.#apply("BitwiseAnd", [wide, this.literal(0xffffffff)]);
    return this.#apply("BitwiseOr", [low, this.#apply("Div", [wide, this.literal(2 ** 32)])]);
  }
}

/** The element type that these views carry for jax-js; their tensors are int64. */
const WORD: ElementType = "uint32";

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/**
 * Threefry-2x32 with 20 rounds (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011): the
 * bits of jax-js's generator. The counter is the position within the part of the shape that has one key.
 */
export const randomBitsRule: Rule<"random_bits"> = ({ graph, operands, inputs, params }) => {
  const { shape, mode } = params;
  const words = new Words(graph, shape);
  const [k0, k1] = operands.map((key, i) => keyOf(graph, key, inputs[i]!.shape, shape)) as [View, View];
  const keys = [k0, k1, words.xor(words.xor(k0, k1), words.literal(0x1bd11bda))] as const;
  let [x0, x1] = [k0, words.add(counter(graph, inputs[0]!.shape.length, shape), k1)];
  for (let group = 0; group < 5; group++) {
    for (const bits of rotations[group % 2]!) {
      x0 = words.add(x0, x1);
      x1 = words.xor(words.rotateLeft(x1, bits), x0);
    }
    x0 = words.add(x0, keys[(group + 1) % 3]!);
    x1 = words.add(words.add(x1, keys[(group + 2) % 3]!), words.literal(group + 1));
  }
  const result = mode === "xor" ? words.xor(x0, x1) : mode === 0 ? x0 : x1;
  return [{ ...result, tensor: cast(graph, result.tensor, "uint32") }];
};

/** A key, constant along the dimensions that it does not have. */
function keyOf(graph: GraphBuilder, key: View, own: readonly number[], shape: readonly number[]): View {
  const wide = { ...key, tensor: cast(graph, key.tensor, "int64") };
  return reshape(graph, wide, [...own, ...Array(shape.length - own.length).fill(1)]);
}

function counter(graph: GraphBuilder, keyRank: number, shape: readonly number[]): View {
  const dims = [...Array(keyRank).fill(1), ...shape.slice(keyRank)];
  const positions = BigInt64Array.from({ length: product(dims) }, (_, i) => BigInt(i));
  return viewOf(graph.constant("int64", dims, positions), WORD, dims);
}
