import { expect } from "chai";
import { id, JsonRpcProvider } from "ethers";
import { createOracleChain } from "../../../../keeper/adapters/ethers/oracle-chain.ts";
import type { RiskReport } from "../../../../keeper/core/report/typed-data.ts";
import { asHex } from "../../../../keeper/ports/hex.ts";
import type { TransactionRequest, TransactionSender } from "../../../../keeper/ports/transaction-sender.ts";
import { configurationAt, MOVING_ADDRESSES, openMovingChain } from "../../../support/moving-chain.ts";

const selector = (signature: string) => id(signature).slice(0, "0x".length + 8);
const WORD = asHex(`0x${"ab".repeat(32)}`);
const REPORT: RiskReport = {
  configDigest: WORD,
  epoch: 3n,
  round: 4,
  observedAt: 5,
  blockNumber: 6n,
  blockHash: WORD,
  pegBps: 10_000,
  accountRoot: WORD,
  markets: [],
  smiles: [],
};

describe("the oracle through ethers", () => {
  it("reads a keeper set as of one block, though every block brings another", async () => {
    const chain = await openMovingChain(20);
    const sender: TransactionSender = { send: () => Promise.reject(new Error("nothing is sent")) };
    const set = await createOracleChain(MOVING_ADDRESSES, chain.provider, sender)
      .keeperSet()
      .finally(() => chain.close());
    const then = configurationAt(set.faults);
    expect(set).to.deep.equal({
      configDigest: then.configDigest,
      keepers: then.entries.map(({ reportKey }) => reportKey),
      networkKeys: then.entries.map(({ networkKey }) => networkKey),
      faults: then.faults,
      quorum: then.quorum,
    });
  });

  describe("sends", () => {
    const provider = new JsonRpcProvider("http://127.0.0.1:1", 31_337, { staticNetwork: true });
    const requests: TransactionRequest[] = [];
    const sender: TransactionSender = {
      send: (request) => {
        requests.push(request);
        return Promise.resolve({ kind: "already-done" });
      },
    };
    const chain = createOracleChain(MOVING_ADDRESSES, provider, sender);
    beforeEach(() => {
      requests.length = 0;
    });
    after(() => {
      provider.destroy();
    });

    it("a report that has been overtaken in any way as one that is there", async () => {
      expect(await chain.submitReport(REPORT, [])).to.equal(null);
      const [request] = requests;
      expect(request?.doneErrors).to.have.members([
        selector("EpochRoundNotRising(uint64,uint32,uint64,uint32)"),
        selector("ObservedAtNotRising(uint256,uint256)"),
      ]);
      expect(request?.id).to.equal(`report/${MOVING_ADDRESSES.riskOracle}/${WORD}/3/4`);
    });

    it("a scenario set that has been overtaken as one that is there", async () => {
      expect(await chain.publishScenarioSet(7n, "0x", WORD, [])).to.equal(null);
      expect(requests[0]?.doneErrors).to.deep.equal([selector("SetIdNotRising(uint64,uint64)")]);
    });
  });
});
