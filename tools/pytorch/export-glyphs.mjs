// Writes the first COUNT embedded training images (784 bytes each) and then their labels to stdout.
//
//     node tools/pytorch/export-glyphs.mjs COUNT
import { loadDataset } from "@sofim/lab";

const count = Number(process.argv[2]);
const { train } = await loadDataset("glyphs");
if (!Number.isInteger(count) || count < 1 || count > train.count) {
  throw new RangeError(`COUNT: got ${process.argv[2]}, want an integer from 1 to ${train.count}`);
}
process.stdout.write(train.images.subarray(0, count * train.height * train.width));
process.stdout.write(train.labels.subarray(0, count));
