export { lenet5 } from "./lenet5.js";
export { logreg } from "./logreg.js";
export { mlp } from "./mlp.js";
export type { ImageShape, LayerParams, Model, ModelParams, ModelShape, UniformSource } from "./model.js";
