import { nn } from "@jax-js/jax";
import { dense, flatten, initDense } from "./layers.js";
import { layer, type Model, type ModelParams, type ModelShape } from "./model.js";

const hiddenSizes = [256, 128] as const;

/** Multi-layer perceptron: pixels, 256, 128, classes, with ReLU between. */
export function mlp({ inputShape, classes }: ModelShape): Model {
  const sizes = [inputShape[0] * inputShape[1] * inputShape[2], ...hiddenSizes, classes];
  return Object.freeze<Model>({
    name: "mlp",
    inputShape,
    classes,
    init(random) {
      const params: ModelParams = {};
      for (let i = 1; i < sizes.length; i++) {
        params[`fc${i}`] = initDense(random, sizes[i - 1]!, sizes[i]!);
      }
      return params;
    },
    apply(params, x) {
      let h = flatten(x);
      for (let i = 1; i < sizes.length - 1; i++) h = nn.relu(dense(layer(params, `fc${i}`), h));
      return dense(layer(params, `fc${sizes.length - 1}`), h);
    },
  });
}
