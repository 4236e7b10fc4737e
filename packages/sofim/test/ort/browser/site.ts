/** The page as a bundler makes it, and a server for it. */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** The one for `wasm`, the other for `webgpu`. */
const wasmFiles = ["ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.asyncify.wasm"] as const;
const html = '<!doctype html><script type="module" src="/page.js"></script>';

/** The files of the site by their paths; WebAssembly lies beside the scripts that load it. */
async function makeFiles(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const input = fileURLToPath(new URL("page.ts", import.meta.url));
  const build = await rolldown({ input, platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "esm" });
  await build.close();
  const files = new Map<string, string | Uint8Array>();
  for (const file of output) files.set(`/${file.fileName}`, file.type === "chunk" ? file.code : file.source);
  const { resolve } = createRequire(import.meta.url);
  for (const name of wasmFiles) files.set(`/${name}`, await readFile(resolve(`onnxruntime-web/${name}`)));
  return files.set("/", html).set("/isolated", html);
}

function typeOf(path: string): string {
  if (path.endsWith(".js")) return "text/javascript";
  return path.endsWith(".wasm") ? "application/wasm" : "text/html";
}

/** Serves the page at `/`, and at `/isolated` as one that may share memory among threads. */
export async function serve(): Promise<Server> {
  const files = await makeFiles();
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const body = files.get(path);
    response.statusCode = body === undefined ? 404 : 200;
    response.setHeader("content-type", typeOf(path));
    if (path === "/isolated") response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", path === "/" ? "unsafe-none" : "require-corp");
    response.end(body);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
