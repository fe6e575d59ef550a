import { expect } from "chai";
import { agree, agreedHead } from "../../../../keeper/adapters/ethers/rpc-agreement.ts";
import { parseQuantity } from "../../../../keeper/adapters/ethers/rpc-schema.ts";
import { ChainUnavailable, NodesDisagree } from "../../../../keeper/ports/transaction-sender.ts";
import {
  blockAt,
  blockConduct,
  openUnrulyPool,
  type Conduct,
  type UnrulyNode,
  type UnrulyPool,
} from "../../../support/unruly-node.ts";

const HONEST: Conduct = { kind: "result", result: "0x2a" };
const LIE: Conduct = { kind: "result", result: "0x2b" };
const TROUBLE: Conduct = { kind: "error", code: 429, message: "too many requests" };
const REVERT: Conduct = { kind: "error", code: 3, message: "execution reverted", data: "0xbad00001" };

describe("agreement of nodes", () => {
  let opened: UnrulyPool;
  afterEach(async () => {
    await opened.close();
  });

  /** Each node answers the question for a balance with one of these. */
  const asked = async (...conducts: readonly Conduct[]) => {
    opened = await openUnrulyPool(
      conducts.map((conduct) => (method) => (method === "eth_getBalance" ? conduct : null)),
    );
    return agree(opened.pool, {
      method: "eth_getBalance",
      params: [],
      parse: parseQuantity,
      keyOf: String,
    }).catch((error: unknown) => error);
  };
  const agreed = { kind: "result", value: 42n };

  it("is the word of a node alone", async () => {
    expect(await asked(HONEST)).to.deep.equal(agreed);
  });

  for (const [what, conduct] of Object.entries({
    lies: LIE,
    reverts: REVERT,
    "has trouble": TROUBLE,
    "is cut": { kind: "cut" },
    hangs: { kind: "hang" },
    "says nothing": { kind: "result", result: "nothing" },
  } satisfies Record<string, Conduct>)) {
    for (const place of [0, 1, 2])
      it(`is what the others say while node ${place + 1} of three ${what}`, async () => {
        const conducts: Conduct[] = [HONEST, HONEST, HONEST];
        conducts[place] = conduct;
        expect(await asked(...conducts)).to.deep.equal(agreed);
      });
  }

  it("of two is what both say", async () => {
    expect(await asked(HONEST, HONEST)).to.deep.equal(agreed);
    await opened.close();
    const error = await asked(HONEST, LIE);
    expect(error).to.be.instanceOf(NodesDisagree);
    for (const node of opened.nodes) expect(String(error)).to.include(new URL(node.url).origin);
    expect(String(error)).to.include("eth_getBalance").and.not.include("secret-path");
  });

  it("of two is what one says while the other cannot", async () => {
    expect(await asked(TROUBLE, HONEST)).to.deep.equal(agreed);
    await opened.close();
    expect(await asked(HONEST, { kind: "cut" })).to.deep.equal(agreed);
  });

  it("is none when three say three things, or when one of three is left", async () => {
    expect(await asked(HONEST, LIE, REVERT)).to.be.instanceOf(NodesDisagree);
    await opened.close();
    const error = await asked(HONEST, TROUBLE, TROUBLE);
    expect(error).to.be.instanceOf(ChainUnavailable);
    expect(String(error)).to.include("1 of 3 nodes can tell").and.include("too many requests (429)");
    await opened.close();
    expect(await asked(LIE, { kind: "cut" }, { kind: "hang" })).to.be.instanceOf(ChainUnavailable);
  });

  it("takes a revert for the same however a program words it", async () => {
    const worded: Conduct = {
      kind: "error",
      code: -32_603,
      message: "VM Exception",
      data: { data: "0xbad00001" },
    };
    expect(await asked(REVERT, worded, HONEST)).to.have.property("kind", "error");
    await opened.close();
    const other: Conduct = { kind: "error", code: 3, message: "execution reverted", data: "0xbad00002" };
    expect(await asked(REVERT, other, HONEST)).to.be.instanceOf(NodesDisagree);
  });

  it("waits for no third node once two say the same, and tells when that one comes with another answer", async () => {
    const result = await asked({ kind: "late", afterMs: 80, conduct: LIE }, HONEST, HONEST);
    expect(result).to.deep.equal(agreed);
    const told = () => opened.telemetry.lines.filter(({ event }) => event === "rpc-node-dissents");
    expect(told()).to.deep.equal([]);
    while (told().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(told()[0]?.fields).to.deep.equal({
      node: new URL(opened.node(0).url).origin,
      method: "eth_getBalance",
    });
  });

  it("tells of a node whose other answer comes first", async () => {
    const late: Conduct = { kind: "late", afterMs: 30, conduct: HONEST };
    expect(await asked(LIE, late, late)).to.deep.equal(agreed);
    const told = opened.telemetry.lines.filter(({ event }) => event === "rpc-node-dissents");
    expect(told.map(({ fields }) => fields["node"])).to.deep.equal([new URL(opened.node(0).url).origin]);
  });

  it("tells of no node that only cannot tell", async () => {
    await asked(TROUBLE, HONEST, HONEST);
    expect(opened.telemetry.lines.map(({ event }) => event)).not.to.include("rpc-node-dissents");
  });
});

describe("the head that nodes agree on", () => {
  let opened: UnrulyPool;
  afterEach(async () => {
    await opened.close();
  });

  const at = (height: bigint, salt?: string) => blockConduct(height, undefined, salt);
  const headOf = async (...conducts: readonly UnrulyNode["conduct"][]) => {
    opened = await openUnrulyPool([...conducts.keys()].map(() => at(100n)));
    for (const [index, conduct] of conducts.entries()) opened.node(index).conduct = conduct;
    return agreedHead(opened.pool).then(
      ({ number, hash }) => `${number.toString()} ${hash.slice(2, 4)}`,
      (error: unknown) => error,
    );
  };
  /** Another chain from a block on. */
  const forked = (height: bigint, from: bigint, salt: string): UnrulyNode["conduct"] => {
    const [common, own] = [at(height), at(height, salt)];
    return (method, params) => {
      const [block] = params;
      const number = typeof block === "string" && block !== "latest" ? BigInt(block) : height;
      return (number >= from ? own : common)(method, params);
    };
  };

  const late =
    (conduct: UnrulyNode["conduct"]): UnrulyNode["conduct"] =>
    (method, params) => {
      const given = conduct(method, params);
      return given === null ? null : { kind: "late", afterMs: 30, conduct: given };
    };

  it("is the highest block that two of three have", async () => {
    expect(await headOf(at(102n), at(101n), at(101n))).to.equal("101 00");
    await opened.close();
    expect(await headOf(at(102n), at(101n), at(100n))).to.equal("101 00");
    await opened.close();
    expect(await headOf(at(99n), at(101n), at(101n))).to.equal("101 00");
  });

  it("of two is the lower one, unless that is far behind, and of one its own", async () => {
    expect(await headOf(at(101n), at(103n))).to.equal("101 00");
    await opened.close();
    expect(await headOf(at(98n), at(103n))).to.equal("98 00");
    await opened.close();
    expect(await headOf(at(97n), at(103n))).to.be.instanceOf(NodesDisagree);
    await opened.close();
    expect(await headOf(at(103n))).to.equal("103 00");
  });

  it("is not moved by a node that invents heights, stands still, or makes up blocks", async () => {
    const inventing: UnrulyNode["conduct"] = (method, params) =>
      method === "eth_getBlockByNumber" && params[0] === "latest"
        ? { kind: "result", result: blockAt(1_000_000n, "ee") }
        : at(1_000_000n, "ee")(method, params);
    expect(await headOf(inventing, at(101n), at(100n))).to.equal("100 00");
    await opened.close();
    expect(await headOf(at(1n), at(101n), at(101n))).to.equal("101 00");
    await opened.close();
    expect(await headOf(at(101n, "ee"), at(101n), at(101n))).to.equal("101 00");
  });

  it("goes back to where the nodes' blocks are the same, not further than they may lag", async () => {
    expect(await headOf(forked(101n, 101n, "ee"), at(101n))).to.equal("100 00");
    await opened.close();
    expect(await headOf(forked(101n, 100n, "aa"), forked(101n, 100n, "bb"), at(101n))).to.equal("99 00");
    await opened.close();
    expect(await headOf(forked(101n, 50n, "aa"), at(101n))).to.be.instanceOf(NodesDisagree);
    await opened.close();
    // One stands at the first block, which all hold the same: no keeper reads the chain as of then.
    expect(await headOf(late(forked(101n, 50n, "aa")), late(at(101n)), at(0n))).to.be.instanceOf(
      NodesDisagree,
    );
  });

  for (const [field, value] of [
    ["timestamp", "0xffffff"],
    ["baseFeePerGas", "0x5af3107a4000"],
  ] as const)
    for (const place of [0, 1, 2])
      it(`has the ${field} of most, whatever node ${place + 1} of three says`, async () => {
        const lying: UnrulyNode["conduct"] = (method, params) => {
          const conduct = at(100n)(method, params);
          return method === "eth_getBlockByNumber" && conduct?.kind === "result"
            ? { kind: "result", result: { ...(conduct.result as object), [field]: value } }
            : conduct;
        };
        opened = await openUnrulyPool([0, 1, 2].map((index) => (index === place ? lying : at(100n))));
        const head = await agreedHead(opened.pool);
        expect(head).to.deep.include({ number: 100n, timestamp: 1_200n, baseFeePerGas: 1n });
      });

  it("asks once when the nodes are equally far, and does not wait for the third", async () => {
    opened = await openUnrulyPool([at(100n), at(100n), at(100n)]);
    opened.node(2).conduct = () => ({ kind: "hang" });
    const before = opened.node(0).asked.length;
    expect((await agreedHead(opened.pool)).number).to.equal(100n);
    expect(opened.node(0).asked.length - before).to.equal(1);
    // It has not had the time to fail.
    expect([...opened.pool.status().values()]).to.deep.equal([null, null, null]);
  });
});
