/** What the browser runs. */
import { trainLenet } from "./lenet.js";

Object.assign(globalThis, { trainLenet });
