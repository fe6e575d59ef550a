import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createRpcEndpoint, EndpointFailure } from "../../../../keeper/adapters/ethers/rpc-endpoint.ts";
import { parseQuantity } from "../../../../keeper/adapters/ethers/rpc-schema.ts";
import { startUnrulyNode, type Conduct, type UnrulyNode } from "../../../support/unruly-node.ts";

const TIMEOUT_MS = 10_000;
const ANSWER = JSON.stringify({ jsonrpc: "2.0", id: 1, result: "0x2a" });
const MEBIBYTE = 1 << 20;
/** What sockets may hold when the reader stops. */
const BUFFERED = 32 * MEBIBYTE;

describe("one node over HTTP", () => {
  let node: UnrulyNode;
  beforeEach(async () => {
    node = await startUnrulyNode();
  });
  afterEach(async () => {
    await node.close();
  });

  const call = (conduct: Conduct, maxBytes?: number) => {
    node.conduct = () => conduct;
    return createRpcEndpoint(node.url, TIMEOUT_MS, maxBytes)
      .call("eth_blockNumber", [], parseQuantity)
      .catch((error: unknown) => error);
  };

  it("stops reading an answer that is too long, and does not wait for its end", async () => {
    const failure = await call({ kind: "endless" }, MEBIBYTE);
    expect(failure).to.be.instanceOf(EndpointFailure);
    expect(String(failure)).to.include(`longer than ${MEBIBYTE} bytes`);
    expect(node.written()).to.be.below(BUFFERED);
  });

  it("has a bound where none is given", async () => {
    expect(String(await call({ kind: "endless" }))).to.include(`longer than ${2 * MEBIBYTE} bytes`);
  });

  it("reads an answer as long as the bound", async () => {
    const text = JSON.stringify({ jsonrpc: "2.0", id: 1, result: "0x2a" });
    expect(await call({ kind: "text", text }, text.length)).to.deep.equal({ kind: "result", value: 42n });
    expect(await call({ kind: "text", text }, text.length - 1)).to.be.instanceOf(EndpointFailure);
  });

  it("reads an error that comes with an HTTP status of its own", async () => {
    const error = { code: 429, message: "compute units exceeded" };
    const text = JSON.stringify({ jsonrpc: "2.0", id: 1, error });
    expect(await call({ kind: "text", text, status: 429 })).to.deep.equal({
      kind: "error",
      error: { ...error, data: undefined },
    });
  });

  it("fails on an answer to another question, on one without result, and on a body that is empty", async () => {
    for (const text of [
      JSON.stringify({ jsonrpc: "2.0", id: 2, result: "0x1" }),
      JSON.stringify({ jsonrpc: "2.0", id: 1 }),
      "",
    ])
      expect(await call({ kind: "text", text }), text).to.be.instanceOf(EndpointFailure);
  });
});

/** Calls a node at an address made from its host; resolves to the headers and the path that it saw. */
async function called(addressOf: (host: string) => string) {
  const seen: { headers: IncomingHttpHeaders; path: string | undefined }[] = [];
  const server = createServer(({ headers, url }, response) => {
    seen.push({ headers, path: url });
    response.end(ANSWER);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const endpoint = createRpcEndpoint(addressOf(host), TIMEOUT_MS);
  const answer = await endpoint.call("eth_chainId", [], parseQuantity);
  server.close();
  return { name: endpoint.name, host, answer, ...seen[0] };
}

describe("a node reached by HTTP", () => {
  it("gets the account of its address in a header, and shows none of it in its name", async () => {
    const { name, host, answer, headers, path } = await called(
      (where) => `http://me%40home:p%3Aw@${where}/v3/key?x=1`,
    );
    expect(answer).to.deep.equal({ kind: "result", value: 42n });
    expect(name).to.equal(`http://${host}`);
    expect(path).to.equal("/v3/key?x=1");
    const expected = Buffer.from("me@home:p:w").toString("base64");
    expect(headers?.authorization).to.equal(`Basic ${expected}`);
  });

  it("gets no such header without an account", async () => {
    const { headers } = await called((where) => `http://${where}`);
    expect(headers?.authorization).to.equal(undefined);
  });

  it("fails with the reason of the connection, not with that of the library", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error: unknown = await createRpcEndpoint(`http://127.0.0.1:${port}`, TIMEOUT_MS)
      .call("eth_chainId", [], parseQuantity)
      .catch((thrown: unknown) => thrown);
    expect(String(error))
      .to.include("eth_chainId")
      .and.include("ECONNREFUSED")
      .and.not.include("fetch failed");
  });
});
