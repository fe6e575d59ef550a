import { expect } from "chai";
import { createChainProbe } from "../../../../keeper/adapters/ethers/chain-probe.ts";
import {
  configurationAt,
  MOVING_ADDRESSES,
  type MovingChain,
  openMovingChain,
} from "../../../support/moving-chain.ts";

describe("a probe of the chain", () => {
  let chain: MovingChain;
  afterEach(async () => {
    await chain.close();
  });

  it("reads all its facts as of one block, whatever comes into force meanwhile", async () => {
    chain = await openMovingChain(20);
    const facts = await createChainProbe(MOVING_ADDRESSES, chain.provider).facts();
    if (facts.kind !== "complete") throw new Error("the contracts are there");
    const block = Number(facts.block.number);
    expect(block).to.equal(21);
    const then = configurationAt(block);
    expect(facts.keeperSet).to.include({
      configDigest: then.configDigest,
      faults: block,
      quorum: 2 * block + 1,
    });
    expect(facts.derivedDigest, "its parts fit together").to.equal(then.configDigest);
    const word = then.parametersHash;
    expect(facts).to.include({
      oracleVersion: String(block),
      parametersHash: word,
      oracleParamsHash: word,
      marginParamsHash: word,
      heartbeatSeconds: block,
    });
    for (const { actual } of facts.links) expect(Number(actual)).to.equal(block);
    expect(chain.asked, "code is long, and is asked for only in doubt").not.to.include("eth_getCode");
  });

  for (const [name, address] of Object.entries(MOVING_ADDRESSES))
    it(`says that nothing is deployed where ${name} should be`, async () => {
      chain = await openMovingChain(20, { withoutCode: [address] });
      const facts = await createChainProbe(MOVING_ADDRESSES, chain.provider).facts();
      expect(facts).to.deep.include({ kind: "incomplete", chainId: 31_337n, withoutCode: [name] });
      expect(Number(facts.block.number)).to.equal(21);
    });

  it("fails where a contract has code and answers nothing", async () => {
    chain = await openMovingChain(20, { mute: [MOVING_ADDRESSES.scenarioStore] });
    const facts = createChainProbe(MOVING_ADDRESSES, chain.provider).facts();
    expect(await facts.catch((error: unknown) => (error as { code: string }).code)).to.equal("BAD_DATA");
  });
});
