/** A function of the step length along one direction, at one length. */
export interface LinePoint {
  readonly step: number;
  readonly value: number;
  /** Derivative by the step length. */
  readonly slope: number;
}

/** Constants of the strong Wolfe conditions, 0 < sufficientDecrease < curvature < 1. */
export interface WolfeConditions {
  readonly sufficientDecrease: number;
  readonly curvature: number;
}

export interface LineSearchResult<Point extends LinePoint> {
  /** The best point that lowers the value enough; undefined if there was none. */
  readonly point: Point | undefined;
  /** Whether the point satisfies both conditions. */
  readonly satisfied: boolean;
}

const MAX_EVALUATIONS = 40;
const LENGTHENING = 4;
// A trial nearer to an end of its interval than this share of it would hardly shrink the interval.
const MARGIN = 0.1;
// Two values of a function that differ by less than this share of them may well be equal.
const VALUE_NOISE = 8 * Number.EPSILON;

/**
 * Finds a step that satisfies the strong Wolfe conditions:
 *
 *     value(a) <= value(0) + sufficientDecrease a slope(0)      |slope(a)| <= curvature |slope(0)|
 *
 * Near a minimum rounding hides the first condition. Where values differ by no more than rounding, slopes stand in for
 * them: a parabola has value(a) as wanted just where slope(a) <= (2 sufficientDecrease - 1) slope(0).
 *
 * Steps are lengthened until an interval must hold one, and the interval is shrunk by cubic interpolation. Points
 * whose value or slope is not finite count as too far.
 *
 * @param evaluate The function along the direction.
 * @param start The point at step 0, with a negative slope.
 * @param firstStep Where to look first, > 0.
 *
 * Source: Nocedal, Wright, "Numerical Optimization", 2nd ed., algorithms 3.5 and 3.6; slopes in place of values: Hager,
 * Zhang, "A New Conjugate Gradient Method with Guaranteed Descent and an Efficient Line Search", SIAM Journal on
 * Optimization 16 (2005), equation 4.1.
 */
export async function searchStrongWolfe<Point extends LinePoint>(
  evaluate: (step: number) => Promise<Point>,
  start: Point,
  firstStep: number,
  conditions: WolfeConditions,
): Promise<LineSearchResult<Point>> {
  const { sufficientDecrease } = conditions;
  const noise = VALUE_NOISE * Math.abs(start.value);
  const lowEnough = ({ step, value, slope }: LinePoint) =>
    value <= start.value + sufficientDecrease * step * start.slope ||
    (Math.abs(value - start.value) <= noise && slope <= (2 * sufficientDecrease - 1) * start.slope);
  const flatEnough = ({ slope }: LinePoint) => Math.abs(slope) <= -conditions.curvature * start.slope;

  let low = start; // the best point so far: low enough, or the start
  let high: Point | undefined; // the other end of an interval that holds a solution
  let step = firstStep;
  for (let i = 0; i < MAX_EVALUATIONS; i++) {
    const point = await evaluate(step);
    const tooFar =
      !isFinitePoint(point) || !lowEnough(point) || (low !== start && point.value > low.value + noise);
    if (tooFar) high = point;
    else if (flatEnough(point)) return { point, satisfied: true };
    else {
      // The solution lies downhill of the point: turn the interval round where that is towards the old best.
      const forward = high === undefined ? 1 : Math.sign(high.step - low.step);
      if (point.slope * forward >= 0) high = low;
      low = point;
    }
    step = high === undefined ? LENGTHENING * step : interpolate(low, high);
    if (step === low.step || step === high?.step) break; // the interval has no number inside
  }
  return { point: low === start ? undefined : low, satisfied: false };
}

/** The minimum of the cubic through both ends, kept off them; the middle if there is none. */
function interpolate(low: LinePoint, high: LinePoint): number {
  const width = high.step - low.step;
  const middle = low.step + width / 2;
  if (!isFinitePoint(high)) return middle;
  const d1 = low.slope + high.slope - (3 * (high.value - low.value)) / width;
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - low.slope * high.slope);
  const share = 1 - (high.slope + d2 - d1) / (high.slope - low.slope + 2 * d2);
  if (!Number.isFinite(share)) return middle;
  return low.step + width * Math.min(Math.max(share, MARGIN), 1 - MARGIN);
}

function isFinitePoint({ value, slope }: LinePoint): boolean {
  return Number.isFinite(value) && Number.isFinite(slope);
}
