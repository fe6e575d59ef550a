import { expect } from "chai";
import { Wallet } from "ethers";
import { createWalletSigner } from "../../../keeper/adapters/ethers/wallet-signer.ts";
import { asHex } from "../../../keeper/ports/hex.ts";
import {
  ChainDisagrees,
  findDifferences,
  findReplaced,
  guardSigner,
  NO_PARAMETERS_HASH,
} from "../../../keeper/services/chain-agreement.ts";
import { chainExpectation, chainFacts, hashOf } from "../../support/chain-facts.ts";
import { ORACLE_DOMAIN, SCENARIO_DOMAIN } from "../../support/keeper-doubles.ts";
import { signedReport } from "../../support/signed-reports.ts";

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
      oracleParamsHashes: [],
      marginParamsHashes: [],
    };
    expect(findDifferences(chainFacts(), chainExpectation(anything))).to.deep.equal([]);
    const rotation = { configDigests: [hashOf("aa"), hashOf("cd")] };
    expect(findDifferences(chainFacts(), chainExpectation(rotation))).to.deep.equal([]);
  });

  it("agree before and after a vote whose outcome is expected beside the values of now", () => {
    const vote = {
      oracleParamsHashes: [hashOf("01"), hashOf("0a")],
      marginParamsHashes: [hashOf("02"), hashOf("0b")],
    };
    expect(names(chainFacts(), chainExpectation(vote))).to.deep.equal([]);
    const after = { oracleParamsHash: hashOf("0a"), marginParamsHash: hashOf("0b") };
    expect(names(chainFacts(after), chainExpectation(vote))).to.deep.equal([]);
    const other = { oracleParamsHash: hashOf("0b"), marginParamsHash: hashOf("0a") };
    expect(names(chainFacts(other), chainExpectation(vote))).to.deep.equal([
      "oracle parameters",
      "margin parameters",
    ]);
  });

  it("differ by each value alone, with both values and what to do", () => {
    const link = { name: "riskOracle.config", expected: STRANGER, actual: asHex(`0x${"66".repeat(20)}`) };
    const cases: [string, Partial<ReturnType<typeof chainFacts>>][] = [
      ["chain id", { chainId: 1n }],
      ["riskOracle.config", { links: [link] }],
      ["oracle version", { oracleVersion: "2" }],
      ["config digest", { keeperSet: { ...chainFacts().keeperSet, configDigest: hashOf("ee") } }],
      ["registry's own answers", { derivedDigest: hashOf("ee") }],
      ["protocol parameters", { parametersHash: hashOf("ee") }],
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

  it("agree on protocol parameters where the registry holds none", () => {
    expect(names(chainFacts({ parametersHash: NO_PARAMETERS_HASH }), chainExpectation())).to.deep.equal([]);
  });

  it("tell a message's configuration that was replaced, naming both", () => {
    expect(findReplaced(chainFacts(), hashOf("cd"))).to.deep.equal([]);
    const [found] = findReplaced(chainFacts(), hashOf("ee"));
    expect([found?.expected, found?.actual]).to.deep.equal([hashOf("ee"), hashOf("cd")]);
    const { chainId, block } = chainFacts();
    expect(
      findReplaced({ kind: "incomplete", chainId, block, withoutCode: ["riskOracle"] }, hashOf("ee")),
    ).to.deep.equal([]);
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
    const asked: string[] = [];
    const signer = guardSigner(inner, (configDigest) => {
      asked.push(configDigest);
      if (allowed) return Promise.resolve();
      const differences = findDifferences(chainFacts({ chainId: 1n }), chainExpectation());
      return Promise.reject(new ChainDisagrees(differences));
    });
    const signature = await signer.signScenarioSet(SCENARIO_DOMAIN, message);
    expect(signer.scenarioSetSigner(SCENARIO_DOMAIN, message, signature)).to.equal(inner.address);
    allowed = false;
    const error: unknown = await signer
      .signScenarioSet(SCENARIO_DOMAIN, message)
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ChainDisagrees);
    expect((error as ChainDisagrees).message).to.include("expected 31337; the chain says 1");
    expect(asked).to.deep.equal([hashOf("cd"), hashOf("cd")]);
  });

  it("asks before a report too, with the configuration that the report names", async () => {
    const first = signedReport(1n, 2);
    const asked: string[] = [];
    const signer = guardSigner(inner, (configDigest) => {
      asked.push(configDigest);
      return asked.length === 1 ? Promise.resolve() : Promise.reject(new Error("not now"));
    });
    const signature = await signer.signReport(ORACLE_DOMAIN, first.report);
    expect(signer.headSigner(ORACLE_DOMAIN, signer.headOf(first.report), signature)).to.equal(inner.address);
    expect(await signer.signReport(ORACLE_DOMAIN, first.report).catch(String)).to.include("not now");
    expect(asked).to.deep.equal([first.report.configDigest, first.report.configDigest]);
  });
});
