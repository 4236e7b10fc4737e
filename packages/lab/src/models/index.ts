export { moveStatistics } from "./batch-norm.js";
export { lenet5 } from "./lenet5.js";
export { logreg } from "./logreg.js";
export { mlp } from "./mlp.js";
export {
  type AnyModel,
  type ChannelStatistics,
  type ImageShape,
  isNormalized,
  type LayerParams,
  type Model,
  type ModelParams,
  type ModelShape,
  type NormalizedModel,
  type NormalizedParams,
  type Statistics,
  type UniformSource,
} from "./model.js";
export { resnet9 } from "./resnet9.js";
