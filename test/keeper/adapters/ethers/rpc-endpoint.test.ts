import { expect } from "chai";
import { createRpcEndpoint, EndpointFailure } from "../../../../keeper/adapters/ethers/rpc-endpoint.ts";
import { parseQuantity } from "../../../../keeper/adapters/ethers/rpc-schema.ts";
import { startUnrulyNode, type Conduct, type UnrulyNode } from "../../../support/unruly-node.ts";

const TIMEOUT_MS = 10_000;
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
    expect(String(await call({ kind: "endless" }))).to.include(`longer than ${16 * MEBIBYTE} bytes`);
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
