// What a keeper reads of the protocol through three nodes before the same chain, one of which lies about it.
import { expect } from "chai";
import { createChainProbe } from "../../keeper/adapters/ethers/chain-probe.ts";
import { createOracleChain, type OracleAddresses } from "../../keeper/adapters/ethers/oracle-chain.ts";
import { PooledProvider } from "../../keeper/adapters/ethers/pooled-provider.ts";
import { openRpcPool } from "../../keeper/adapters/ethers/rpc-pool.ts";
import { systemTimer } from "../../keeper/adapters/system/timer.ts";
import { NO_SENDER } from "../../keeper/cli/keeper/no-sender.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { NodesDisagree } from "../../keeper/ports/transaction-sender.ts";
import { BTC, openDesk, type Desk } from "../support/ballast-desk.ts";
import { recordingTelemetry } from "../support/keeper-doubles.ts";
import { serveRpc, type RpcServer } from "../support/rpc-server.ts";
import { startUnrulyNode, type UnrulyNode } from "../support/unruly-node.ts";

const CHAIN_ID = 31_337n;
const PLACES = [0, 1, 2];
const INVENTED_HASH = `0x${"ee".repeat(32)}`;

/** Another value of the same form: the last digit that is not zero is another one. */
function altered(word: string, by: number): string {
  const at = Math.max(word.search(/[^0]0*$/), "0x".length);
  const digit = (Number.parseInt(word.charAt(at) || "0", 16) + by) % 16;
  return `${word.slice(0, at)}${digit.toString(16)}${word.slice(at + 1)}`;
}

describe("reading the protocol past a node that lies", () => {
  let desk: Desk;
  let server: RpcServer;
  let nodes: UnrulyNode[] = [];
  let addresses: OracleAddresses;
  /** What the chain answers to the calls of the reads, by call. */
  const honest = new Map<string, string>();

  before(async () => {
    desk = await openDesk();
    server = await serveRpc(desk.connection.provider);
    nodes = await Promise.all(PLACES.map(() => startUnrulyNode(server.url)));
    const { oracle, keepers, scenarios, config, rewards } = desk.ballast;
    addresses = {
      riskOracle: asHex(await oracle.getAddress()),
      keeperRegistry: asHex(await keepers.getAddress()),
      scenarioStore: asHex(await scenarios.getAddress()),
      riskConfig: asHex(await config.getAddress()),
      keeperRewards: asHex(await rewards.getAddress()),
    };
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await server.close();
  });
  beforeEach(() => {
    for (const node of nodes) node.conduct = () => null;
  });

  /** Two liars that do not know of each other lie by different amounts. */
  const lieBy =
    (by: number): UnrulyNode["conduct"] =>
    (method, params) => {
      if (method === "eth_call") {
        const result = honest.get(JSON.stringify(params));
        return result === undefined ? null : { kind: "result", result: altered(result, by) };
      }
      if (method === "eth_getBlockByNumber" && params[0] !== "latest")
        return {
          kind: "result",
          result: { number: params[0], hash: INVENTED_HASH, timestamp: "0x1", baseFeePerGas: "0x1" },
        };
      return method === "eth_getCode" ? { kind: "result", result: "0x" } : null;
    };

  /** Everything that decides what a keeper signs; `misbehave` comes once the nodes have been checked. */
  const readAll = async (misbehave: () => void = () => undefined, telemetry = recordingTelemetry()) => {
    const urls = nodes.map(({ url }) => url);
    const pool = await openRpcPool(urls, CHAIN_ID, systemTimer, telemetry);
    misbehave();
    const provider = new PooledProvider(pool, systemTimer);
    const chain = createOracleChain(addresses, provider, NO_SENDER);
    const probe = createChainProbe(addresses, provider);
    const head = await chain.latestBlock();
    try {
      const read = await Promise.all([
        chain.block(head.number - 1n),
        chain.header(),
        chain.keeperSet(),
        chain.reportLimits(),
        chain.guardingFeeds(),
        chain.lastReport([BTC]),
        chain.quarantinedMarkets(),
        chain.scenarioSet(),
        chain.oracleDomain(),
        probe.facts(),
        probe.registration(),
      ]);
      return [head, ...read];
    } finally {
      provider.destroy();
    }
  };

  for (const place of PLACES) {
    it(`is as the other two say while node ${place + 1} of three lies about everything`, async () => {
      const truth = await readAll();
      const [asked] = nodes;
      for (const [i, method] of (asked?.asked ?? []).entries())
        if (method === "eth_call") {
          const key = JSON.stringify(asked?.params[i]);
          // The chain writes into what it is asked.
          const params = JSON.parse(key) as unknown[];
          honest.set(key, String(await desk.connection.provider.request({ method, params })));
        }
      expect(honest.size).to.be.greaterThan(20);
      const liar = nodes[place];
      if (liar === undefined) throw new RangeError(`no node ${place}`);
      const told = recordingTelemetry();
      const read = await readAll(() => {
        liar.conduct = lieBy(1);
      }, told);
      expect(read).to.deep.equal(truth);
      expect(told.lines.map(({ event }) => event)).to.include("rpc-node-dissents");
    });
  }

  it("ends in an error that says so when two lie, each in its own way", async () => {
    await readAll();
    const [first, second] = nodes;
    if (first === undefined || second === undefined) throw new RangeError("no nodes");
    const error = await readAll(() => {
      first.conduct = lieBy(1);
      second.conduct = (method, params) => (method === "eth_call" ? lieBy(2)(method, params) : null);
    }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(NodesDisagree);
  });
});
