interface PlainParams {
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
}

/**
 * Loss and gradient of softmax regression in float64, from the formulas
 * gradW = X'(P - Y) / n + l2 W and gradb = 1'(P - Y) / n.
 */
export function plainSoftmaxRegression(
  { weight, bias }: PlainParams,
  images: ArrayLike<number>,
  labels: ArrayLike<number>,
  l2: number,
): { loss: number; weight: Float64Array; bias: Float64Array } {
  const classes = bias.length;
  const features = weight.length / classes;
  const n = labels.length;
  const gradWeight = Float64Array.from(weight, (w) => l2 * w);
  const gradBias = new Float64Array(classes);
  let loss = (l2 / 2) * Array.from(weight).reduce((sum, w) => sum + w * w, 0);
  for (let row = 0; row < n; row++) {
    const x = (i: number) => images[row * features + i]!;
    const logits = Array.from({ length: classes }, (_, c) => {
      let sum = bias[c]!;
      for (let i = 0; i < features; i++) sum += x(i) * weight[i * classes + c]!;
      return sum;
    });
    const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    loss += (Math.log(total) - logits[labels[row]!]!) / n;
    for (let c = 0; c < classes; c++) {
      const error = (Math.exp(logits[c]!) / total - (c === labels[row] ? 1 : 0)) / n;
      gradBias[c]! += error;
      for (let i = 0; i < features; i++) gradWeight[i * classes + c]! += error * x(i);
    }
  }
  return { loss, weight: gradWeight, bias: gradBias };
}
