import { nn } from "@jax-js/jax";
import { InvalidArgumentError } from "sofim/core";
import { conv, dense, flatten, initConv, initDense, maxPool } from "./layers.js";
import { layer, type Model, type ModelShape } from "./model.js";

const kernel = 5;
const channels1 = 6;
const channels2 = 16;

/**
 * LeNet-5 in its present-day form (ReLU, max-pooling): two 5x5 convolutions with 6 and 16 channels,
 * each followed by 2x2 max-pooling, then dense layers of 120, 84 and `classes`.
 * Images of 28x28 are padded by 2 in the first convolution, so that 28x28 and 32x32 alike reach the
 * first dense layer as 16x5x5 = 400 features.
 *
 * Source: LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition,
 * Proc. IEEE 86 (11), 1998, section II.B.
 */
export function lenet5({ inputShape, classes }: ModelShape): Model {
  const [channels, height, width] = inputShape;
  if (height !== width || (height !== 28 && height !== 32)) {
    throw new InvalidArgumentError("inputShape", inputShape.join("x"), "images of 28x28 or 32x32");
  }
  const padding = (32 - height) / 2;
  const features = channels2 * 5 * 5;
  return Object.freeze<Model>({
    name: "lenet5",
    inputShape,
    classes,
    init: (random) => ({
      conv1: initConv(random, channels, channels1, kernel),
      conv2: initConv(random, channels1, channels2, kernel),
      fc1: initDense(random, features, 120),
      fc2: initDense(random, 120, 84),
      fc3: initDense(random, 84, classes),
    }),
    apply(params, x) {
      let h = maxPool(nn.relu(conv(layer(params, "conv1"), x, padding)));
      h = maxPool(nn.relu(conv(layer(params, "conv2"), h, 0)));
      h = nn.relu(dense(layer(params, "fc1"), flatten(h)));
      h = nn.relu(dense(layer(params, "fc2"), h));
      return dense(layer(params, "fc3"), h);
    },
  });
}
