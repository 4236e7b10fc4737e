/** An exact fraction, so that an oracle has no rounding of its own. The denominator is positive. */
export class Rational {
  private constructor(
    readonly numerator: bigint,
    readonly denominator: bigint,
  ) {}

  static of(numerator: bigint, denominator: bigint): Rational {
    let [a, b] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator];
    while (b !== 0n) [a, b] = [b, a % b];
    const divisor = denominator < 0n ? -a : a;
    return new Rational(numerator / divisor, denominator / divisor);
  }

  /** The exact value of a finite float64. */
  static from(x: number): Rational {
    let exponent = 0;
    let mantissa = x;
    while (!Number.isInteger(mantissa)) {
      mantissa *= 2;
      exponent++;
    }
    return Rational.of(BigInt(mantissa), 1n << BigInt(exponent));
  }

  plus(other: Rational): Rational {
    return Rational.of(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  minus(other: Rational): Rational {
    return this.plus(new Rational(-other.numerator, other.denominator));
  }

  times(other: Rational): Rational {
    return Rational.of(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  over(other: Rational): Rational {
    return Rational.of(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  get isZero(): boolean {
    return this.numerator === 0n;
  }

  /** The value as float64, to within a few units in the last place. */
  toNumber(): number {
    if (this.isZero) return 0;
    const bits = (x: bigint) => (x < 0n ? -x : x).toString(2).length;
    // 80 significant bits in the quotient, then the power of two in two halves so that neither overflows.
    const shift = 80 - (bits(this.numerator) - bits(this.denominator));
    const quotient =
      shift >= 0
        ? (this.numerator << BigInt(shift)) / this.denominator
        : this.numerator / (this.denominator << BigInt(-shift));
    const half = Math.trunc(-shift / 2);
    return Number(quotient) * 2 ** half * 2 ** (-shift - half);
  }
}

/** Solves the dense system `matrix x = right` exactly, by Gauss-Jordan elimination. */
export function solveExactly(matrix: Rational[][], right: Rational[]): Rational[] {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let k = 0; k < n; k++) {
    const pivotRow = rows.findIndex((row, i) => i >= k && !row[k]!.isZero);
    [rows[k], rows[pivotRow]] = [rows[pivotRow]!, rows[k]!];
    const pivot = rows[k]!;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = rows[i]![k]!.over(pivot[k]!);
      rows[i] = rows[i]!.map((x, j) => x.minus(factor.times(pivot[j]!)));
    }
  }
  return rows.map((row, i) => row[n]!.over(row[i]!));
}
