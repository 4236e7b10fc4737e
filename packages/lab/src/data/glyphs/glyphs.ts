import { InvalidArgumentError } from "sofim/core";
import type { ImageDataset, ImageSet } from "../dataset.js";
import { Random } from "../random.js";
import { drawPolyline, flatten } from "./draw.js";
import { DIGITS } from "./strokes.js";

const SIZE = 28;
const CENTRE = (SIZE - 1) / 2;

/** How far the drawings vary. Lengths are pixels, except where a unit stands beside. */
const STYLE = {
  /** Half the height of a digit. */
  halfHeight: [7.5, 10],
  /** Width relative to height. */
  aspect: [0.75, 1.15],
  /** Tangent of half the rotation angle. */
  halfTurn: 0.12,
  /** Sideways shift per unit of height. */
  shear: 0.28,
  shift: 1.6,
  /** Sideways bow of the whole digit, in units of its half height. */
  bend: 0.25,
  /** Displacement of each point, in units of the half height. */
  jitter: 0.22,
  penRadius: [0.6, 1.7],
  softness: [1, 1.8],
  /** Grey levels, 0 to 1. */
  ink: [0.6, 1],
  paper: [0, 0.2],
  noise: [0.02, 0.16],
  maxStrayMarks: 2,
} as const;

export interface GlyphOptions {
  /** Which digits are drawn; the same seed gives the same bytes on every machine. Default 0. */
  readonly seed?: number;
  /** Number of training images. Default 10,000. */
  readonly trainCount?: number;
  /** Number of test images. Default 2,000. */
  readonly testCount?: number;
}

/**
 * Draws the embedded data set: handwritten-looking digits, 28 x 28, light on dark, ten classes in equal numbers.
 *
 * Each digit is a few strokes in one of several ways of writing it. Its points are jittered, then bent, sheared,
 * scaled, turned and shifted; the pen's width and softness, the contrast and the noise vary, and stray marks lie
 * beside it. Only +, -, *, / and square roots are used, which IEEE 754 rounds alike everywhere, so a seed gives
 * the same bytes on every machine. The test images come from a stream of their own: their number and content do
 * not depend on `trainCount`.
 *
 * @returns images [10,000, 1, 28, 28] to train on and [2,000, 1, 28, 28] to test on, unless set otherwise
 * @throws InvalidArgumentError if the seed is not an integer from 0 to 2^53 - 1, or a count not a positive integer
 * @example
 * ```ts
 * import { drawGlyphs } from "@sofim/lab";
 * const { train } = drawGlyphs({ seed: 1, trainCount: 20, testCount: 10 });
 * if (train.images.length !== 20 * 28 * 28) throw new Error("20 images of 28 x 28");
 * ```
 */
export function drawGlyphs(options: GlyphOptions = {}): ImageDataset {
  const { seed = 0, trainCount = 10_000, testCount = 2_000 } = options;
  checkCount("trainCount", trainCount);
  checkCount("testCount", testCount);
  const streams = new Random(seed);
  const trainStream = new Random(streams.uint32());
  const testStream = new Random(streams.uint32());
  return {
    name: "glyphs",
    classNames: DIGITS.map((_, digit) => String(digit)),
    train: drawSet(trainStream, trainCount),
    test: drawSet(testStream, testCount),
  };
}

function checkCount(argument: string, count: number): void {
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError(argument, count, "a positive integer");
}

function drawSet(random: Random, count: number): ImageSet {
  const images = new Uint8Array(count * SIZE * SIZE);
  const order = Uint32Array.from({ length: count }, (_, i) => i % DIGITS.length);
  random.shuffle(order);
  const canvas = new Float64Array(SIZE * SIZE);
  order.forEach((digit, i) => {
    canvas.fill(0);
    drawDigit(random, canvas, digit);
    drawStrayMarks(random, canvas);
    expose(random, canvas, images.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE));
  });
  return { count, channels: 1, height: SIZE, width: SIZE, images, labels: Uint8Array.from(order) };
}

function drawDigit(random: Random, canvas: Float64Array, digit: number): void {
  const variants = DIGITS[digit]!;
  const strokes = variants[random.below(variants.length)]!;
  const place = drawPlacement(random);
  const radius = random.uniform(...STYLE.penRadius);
  const softness = random.uniform(...STYLE.softness);
  for (const { kind, points } of strokes) {
    const polyline = flatten(kind, jitter(random, points));
    drawPolyline(canvas, SIZE, place(polyline), radius, softness);
  }
}

/** Moves every point a little. Points that strokes share part by as little, as they do in handwriting. */
function jitter(random: Random, points: readonly number[]): number[] {
  return points.map((value) => value + STYLE.jitter * triangular(random));
}

/** A random map from a digit's own coordinates to pixels: bend, shear, scale, turn, shift. */
function drawPlacement(random: Random): (polyline: readonly number[]) => number[] {
  const scaleY = random.uniform(...STYLE.halfHeight);
  const scaleX = scaleY * random.uniform(...STYLE.aspect);
  const bend = STYLE.bend * triangular(random);
  const shear = STYLE.shear * random.uniform(-1, 1);
  // Rotation by the rational parametrization of the circle: no sine whose last bit a platform may round its way.
  const half = STYLE.halfTurn * random.uniform(-1, 1);
  const cosine = (1 - half * half) / (1 + half * half);
  const sine = (2 * half) / (1 + half * half);
  const shiftX = CENTRE + STYLE.shift * random.uniform(-1, 1);
  const shiftY = CENTRE + STYLE.shift * random.uniform(-1, 1);
  return (polyline) => {
    const placed: number[] = [];
    for (let i = 0; i < polyline.length; i += 2) {
      const v = polyline[i + 1]!;
      const u = polyline[i]! + bend * (v * v - 0.5) - shear * v;
      placed.push(
        shiftX + cosine * scaleX * u - sine * scaleY * v,
        shiftY + sine * scaleX * u + cosine * scaleY * v,
      );
    }
    return placed;
  };
}

/** Short strokes near the border, which no digit owns. */
function drawStrayMarks(random: Random, canvas: Float64Array): void {
  const marks = random.below(STYLE.maxStrayMarks + 1);
  for (let mark = 0; mark < marks; mark++) {
    const along = random.uniform(0, SIZE - 1);
    const inward = random.uniform(0, 4);
    const near = random.below(2) === 0 ? inward : SIZE - 1 - inward;
    const [x, y] = random.below(2) === 0 ? [along, near] : [near, along];
    const polyline = [x, y, x + random.uniform(-4, 4), y + random.uniform(-4, 4)];
    drawPolyline(canvas, SIZE, polyline, random.uniform(0.4, 1), 1);
  }
}

/** Turns coverage into bytes, with contrast and noise. */
function expose(random: Random, canvas: Float64Array, image: Uint8Array): void {
  const paper = random.uniform(...STYLE.paper);
  const ink = random.uniform(...STYLE.ink);
  const noise = random.uniform(...STYLE.noise);
  for (let i = 0; i < image.length; i++) {
    const level = 255 * (paper + (ink - paper) * canvas[i]! + noise * triangular(random)) + 0.5;
    image[i] = Math.max(0, Math.min(level, 255));
  }
}

/** A deviate from -1 to 1 with a triangular density, from the two halves of one draw. */
function triangular(random: Random): number {
  const draw = random.uint32();
  return ((draw >>> 16) - (draw & 0xffff)) / 0x10000;
}
