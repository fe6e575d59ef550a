import { expect } from "chai";
import { Wallet } from "ethers";
import { createWalletSigner } from "../../../keeper/adapters/ethers/wallet-signer.ts";
import { asHex } from "../../../keeper/ports/hex.ts";
import { ChainDisagrees, findDifferences, guardSigner } from "../../../keeper/services/chain-agreement.ts";
import { chainExpectation, chainFacts, hashOf } from "../../support/chain-facts.ts";
import { SCENARIO_DOMAIN } from "../../support/keeper-doubles.ts";

const STRANGER = asHex(`0x${"77".repeat(20)}`);
const names = (...given: Parameters<typeof findDifferences>) =>
  findDifferences(...given).map(({ what }) => what);

describe("the chain and the configuration", () => {
  it("agree when every value is the expected one, and where nothing is expected", () => {
    expect(findDifferences(chainFacts(), chainExpectation())).to.deep.equal([]);
    const anything = {
      address: null,
      networkKey: null,
      configDigests: [],
      oracleParamsHash: null,
      marginParamsHash: null,
    };
    expect(findDifferences(chainFacts(), chainExpectation(anything))).to.deep.equal([]);
    const rotation = { configDigests: [hashOf("aa"), hashOf("cd")] };
    expect(findDifferences(chainFacts(), chainExpectation(rotation))).to.deep.equal([]);
  });

  it("differ by each value alone, with both values and what to do", () => {
    const link = { name: "riskOracle.config", expected: STRANGER, actual: asHex(`0x${"66".repeat(20)}`) };
    const cases: [string, Partial<ReturnType<typeof chainFacts>>][] = [
      ["chain id", { chainId: 1n }],
      ["riskOracle.config", { links: [link] }],
      ["oracle version", { oracleVersion: "2" }],
      ["config digest", { keeperSet: { ...chainFacts().keeperSet, configDigest: hashOf("ee") } }],
      ["oracle parameters", { oracleParamsHash: hashOf("ee") }],
      ["margin parameters", { marginParamsHash: hashOf("ee") }],
      ["network key", { keeperSet: { ...chainFacts().keeperSet, networkKeys: [hashOf("02")] } }],
      ["membership", { keeperSet: { ...chainFacts().keeperSet, keepers: [STRANGER] } }],
    ];
    for (const [what, change] of cases) {
      const [difference, ...others] = findDifferences(chainFacts(change), chainExpectation());
      expect([difference?.what, others.length]).to.deep.equal([what, 0]);
      expect(difference?.advice).not.to.equal("");
      expect(difference?.expected).not.to.equal(difference?.actual);
    }
  });

  it("differ by contracts that are missing, before anything else of them is compared", () => {
    const { chainId, block } = chainFacts();
    const facts = { kind: "incomplete", chainId, block, withoutCode: ["riskOracle"] } as const;
    expect(names(facts, chainExpectation())).to.deep.equal(["contract riskOracle"]);
  });
});

describe("a guarded signer", () => {
  const inner = createWalletSigner(Wallet.createRandom());
  const message = { configDigest: hashOf("cd"), setId: 1n, dataHash: hashOf("da") };

  it("signs while it may, and nothing after", async () => {
    let allowed = true;
    const signer = guardSigner(inner, () =>
      allowed
        ? Promise.resolve()
        : Promise.reject(
            new ChainDisagrees(findDifferences(chainFacts({ chainId: 1n }), chainExpectation())),
          ),
    );
    const signature = await signer.signScenarioSet(SCENARIO_DOMAIN, message);
    expect(signer.scenarioSetSigner(SCENARIO_DOMAIN, message, signature)).to.equal(inner.address);
    allowed = false;
    const error: unknown = await signer
      .signScenarioSet(SCENARIO_DOMAIN, message)
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ChainDisagrees);
    expect((error as ChainDisagrees).message).to.include("expected 31337; the chain says 1");
  });
});
