type Numbers = ArrayLike<number>;
type PlainParams = Readonly<Record<string, { readonly weight: Numbers; readonly bias: Numbers }>>;

/** LeNet-5 on one image in float64, loop by loop from its definition. */
export function plainLenet5(
  params: PlainParams,
  image: Numbers,
  { inputShape: [channels, size] }: { inputShape: readonly [number, number, number] },
): number[] {
  const { conv1, conv2, fc1, fc2, fc3 } = params as Record<string, PlainParams[string]> & PlainParams;
  let h = relu(conv(conv1!, image, channels, size, 6, (32 - size) / 2));
  h = pool(h, 6, 28);
  h = pool(relu(conv(conv2!, h, 6, 14, 16, 0)), 16, 10);
  h = relu(dense(fc1!, h, 120));
  h = relu(dense(fc2!, h, 84));
  return dense(fc3!, h, 10);
}

function conv(
  { weight, bias }: PlainParams[string],
  x: Numbers,
  inputs: number,
  size: number,
  outputs: number,
  padding: number,
): number[] {
  const out = size + 2 * padding - 4;
  const result: number[] = [];
  for (let o = 0; o < outputs; o++) {
    for (let row = 0; row < out; row++) {
      for (let col = 0; col < out; col++) {
        let sum = bias[o]!;
        for (let i = 0; i < inputs; i++) {
          for (let dr = 0; dr < 5; dr++) {
            for (let dc = 0; dc < 5; dc++) {
              const r = row + dr - padding;
              const c = col + dc - padding;
              if (r < 0 || c < 0 || r >= size || c >= size) continue;
              sum += x[(i * size + r) * size + c]! * weight[((o * inputs + i) * 5 + dr) * 5 + dc]!;
            }
          }
        }
        result.push(sum);
      }
    }
  }
  return result;
}

function pool(x: Numbers, channels: number, size: number): number[] {
  const half = size / 2;
  const result: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < half; row++) {
      for (let col = 0; col < half; col++) {
        const at = (dr: number, dc: number) => x[(c * size + 2 * row + dr) * size + 2 * col + dc]!;
        result.push(Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1)));
      }
    }
  }
  return result;
}

function dense({ weight, bias }: PlainParams[string], x: Numbers, outputs: number): number[] {
  return Array.from({ length: outputs }, (_, o) => {
    let sum = bias[o]!;
    for (let i = 0; i < x.length; i++) sum += x[i]! * weight[i * outputs + o]!;
    return sum;
  });
}

function relu(x: readonly number[]): number[] {
  return x.map((value) => Math.max(value, 0));
}
