/** Dense linear algebra in plain float64, for references. */
export type Matrix = readonly (readonly number[])[];

export const dot = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((sum, v, i) => sum + v * y[i]!, 0);

export const transpose = (a: Matrix): number[][] => a[0]!.map((_, j) => a.map((row) => row[j]!));

export function multiply(a: Matrix, b: Matrix): number[][] {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
}

/** a x = b by elimination with pivoting. */
export function solve(a: Matrix, b: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i]!]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const best = rows.reduce(
      (p, row, i) => (i >= k && Math.abs(row[k]!) > Math.abs(rows[p]![k]!) ? i : p),
      k,
    );
    [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

/** Eigenvalues and eigenvectors (as rows) of a symmetric matrix, by Jacobi's rotations. */
export function eigen(symmetric: Matrix): { values: number[]; vectors: number[][] } {
  const a = symmetric.map((row) => [...row]);
  const n = a.length;
  const v = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 40; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p]![q] === 0) continue;
        const angle = Math.atan2(2 * a[p]![q]!, a[q]![q]! - a[p]![p]!) / 2;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const rotate = (x: number[][]) => {
          const [xp, xq] = [x[p]!, x[q]!];
          x[p] = xp.map((u, i) => c * u - s * xq[i]!);
          x[q] = xp.map((u, i) => s * u + c * xq[i]!);
        };
        rotate(a);
        for (const row of a) {
          const [rp, rq] = [row[p]!, row[q]!];
          row[p] = c * rp - s * rq;
          row[q] = s * rp + c * rq;
        }
        rotate(v);
      }
    }
  }
  return { values: a.map((row, i) => row[i]!), vectors: v };
}

/** f of a symmetric matrix, taken of its eigenvalues. */
export function ofEigenvalues(symmetric: Matrix, f: (value: number) => number): number[][] {
  const { values, vectors } = eigen(symmetric);
  return symmetric.map((row, i) =>
    row.map((_, j) => values.reduce((sum, x, k) => sum + f(x) * vectors[k]![i]! * vectors[k]![j]!, 0)),
  );
}
