import { createHash } from "node:crypto";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { SourceFile } from "../../src/data/index.js";

export interface Mirror {
  readonly url: string;
  /** The Range header of each request, or null. */
  readonly ranges: (string | null)[];
}

/** A server on the loopback that ends with the test. */
export async function startMirror(listener: RequestListener): Promise<Mirror> {
  const ranges: (string | null)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? null);
    listener(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`, ranges };
}

/** A mirror that serves bytes, and parts of them when asked. */
export function serve(bytes: Buffer): RequestListener {
  return (request, response) => {
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
    if (from === undefined) return send(response, 200, bytes);
    response.setHeader("content-range", `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    send(response, 206, bytes.subarray(Number(from)));
  };
}

/** A mirror that promises all bytes and drops the connection after some. */
export function serveThenDrop(bytes: Buffer, count: number): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, count), () => setTimeout(() => response.destroy(), 50));
  };
}

function send(response: ServerResponse, status: number, bytes: Buffer): void {
  response.writeHead(status, { "content-length": bytes.length });
  response.end(bytes);
}

export function sourceFile(bytes: Buffer, ...mirrors: readonly Mirror[]): SourceFile {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name: "file.bin", bytes: bytes.length, sha256, mirrors: mirrors.map(({ url }) => url) };
}
