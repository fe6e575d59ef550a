import { expect } from "chai";
import { AbiCoder, encodeBytes32String, keccak256, ZeroHash } from "ethers";
import { RiskConfig__factory } from "../../types/ethers-contracts/index.js";
import { deployOracle, type OracleFixture } from "../support/oracle-fixture.ts";
import { liquidationParams, marginParams, oracleParams } from "../support/risk-params.ts";

type Bound = Readonly<{ name: string; min?: bigint; max?: bigint; edit: object }>;
type SetName = "Margin" | "Oracle" | "Liquidation";

const HOUR = 3600n;
const DAY = 24n * HOUR;
const VALUE = "value";

/** One row per hard bound: its name in errors, its least and largest value, and the field it limits. */
const bound = (name: string, min: bigint | undefined, max: bigint | undefined, edit: object): Bound => ({
  name,
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
  edit,
});

const inMarket = (field: string) => ({ markets: { 0: { [field]: VALUE } } });
const inStress = (field: string) => ({ stress: { 0: { [field]: VALUE } } });

const LIQUIDATION: readonly Bound[] = [
  bound("targetHealth", 10_500n, 20_000n, { targetHealthBps: VALUE }),
  bound("hardHealth", 5_000n, 9_999n, { hardHealthBps: VALUE }),
  bound("costCap", 1n, 9_500n, { costCapBps: VALUE }),
  bound("rampCost", undefined, 5_000n, { rampCostBps: VALUE }),
  bound("startCost", undefined, 2_500n, { startCostBps: VALUE }),
  bound("penalty", undefined, 500n, { penaltyBps: VALUE }),
  bound("rampSeconds", 60n, undefined, { rampSeconds: VALUE }),
  bound("capSeconds", 901n, 6n * HOUR, { capSeconds: VALUE }),
  bound("insolventHealth", undefined, 2_500n, { insolventHealthBps: VALUE }),
  bound("subsidySeconds", 60n, DAY, { subsidySeconds: VALUE }),
  bound("dustNotional", undefined, 10_000_000_000n, { dustNotionalE6: VALUE }),
];

const ORACLE: readonly Bound[] = [
  bound("maxReportAge", 1n, DAY, { maxReportAgeSeconds: VALUE }),
  bound("maxClockDrift", undefined, 300n, { maxClockDriftSeconds: VALUE }),
  bound("minPeg", 1n, 10_000n, { minPegBps: VALUE }),
  bound("maxPeg", 10_000n, 12_000n, { maxPegBps: VALUE }),
  bound("minScenarios", 16n, undefined, { minScenarios: VALUE }),
  bound("maxScenarios", 16n, 1_024n, { maxScenarios: VALUE }),
  bound("sequencerGrace", undefined, DAY, { sequencerGraceSeconds: VALUE }),
  bound("minSpot", 1_000_000n, undefined, inMarket("minSpotE8")),
  bound("maxSpot", 1_000_000_000n, 10n ** 16n, inMarket("maxSpotE8")),
  bound("maxSpotChange", 100n, 9_000n, inMarket("maxSpotChangeBps")),
  bound("jumpSigmas", 10_000n, 200_000n, inMarket("jumpSigmasBps")),
  bound("jumpFloor", 10n, 2_000n, inMarket("jumpFloorBps")),
  bound("minSigma", 1_000_000n, undefined, inMarket("minSigmaE9")),
  bound("maxSigma", 5_000_000n, 1_000_000_000n, inMarket("maxSigmaE9")),
  bound("maxSigmaUp", 100n, 100_000n, inMarket("maxSigmaUpBps")),
  bound("maxSigmaDown", 1n, 1_000n, inMarket("maxSigmaDownBpsPerHour")),
  bound("maxPsi", 5_000_000n, 1_000_000_000n, inMarket("maxPsiE9")),
  bound("maxDispersion", undefined, 10_000n, inMarket("maxDispersionBps")),
  bound("minForwardRatio", 20_000_000n, undefined, inMarket("minForwardRatioE8")),
  bound("maxForwardRatio", 50_000_000n, 500_000_000n, inMarket("maxForwardRatioE8")),
  bound("minDiscount", 100_000_000n, undefined, inMarket("minDiscountE9")),
  bound("maxDiscount", 500_000_000n, 1_500_000_000n, inMarket("maxDiscountE9")),
  bound("minAtmVol", 100n, undefined, inMarket("minAtmVolBps")),
  bound("maxAtmVol", 500n, 200_000n, inMarket("maxAtmVolBps")),
  bound("feedBand", 10n, 2_000n, inMarket("feedBandBps")),
  bound("feedHeartbeat", 1n, 2n * DAY, inMarket("feedHeartbeatSeconds")),
];

const MARGIN: readonly Bound[] = [
  bound("varConfidence", 9_000n, 9_999n, { varConfidenceBps: VALUE }),
  bound("esConfidence", 9_000n, 9_999n, { esConfidenceBps: VALUE }),
  bound("horizon", HOUR, 10n * DAY, { horizonSeconds: VALUE }),
  bound("offsetTrust", undefined, 10_000n, { offsetTrustBps: VALUE }),
  bound("initialFactor", 11_000n, 30_000n, { initialFactorBps: VALUE }),
  bound("volTermExponent", undefined, 10_000n, { volTermExponentBps: VALUE }),
  bound("volTermFloor", HOUR, 30n * DAY, { volTermFloorSeconds: VALUE }),
  bound("heartbeat", 1n, undefined, { heartbeatSeconds: VALUE }),
  bound("riskIncreaseAge", HOUR, undefined, { riskIncreaseAgeSeconds: VALUE }),
  bound("fallbackAge", 2n * HOUR, 7n * DAY, { fallbackAgeSeconds: VALUE }),
  bound("stalenessPerHour", undefined, 10_000n, { stalenessBpsPerHour: VALUE }),
  bound("stalenessCap", undefined, 50_000n, { stalenessCapBps: VALUE }),
  bound("pegThreshold", undefined, 10_000n, { pegThresholdBps: VALUE }),
  bound("pegMultiple", undefined, 100_000n, { pegMultipleBps: VALUE }),
  bound("staticShare", undefined, 10_000n, inMarket("staticShareBps")),
  bound("staticFloor", 1n, 1_500n, inMarket("staticFloorBps")),
  bound("volatilityMultiple", 10_000n, 200_000n, inMarket("volatilityMultipleBps")),
  bound("shortMinimum", 10n, 2_000n, inMarket("shortMinimumBps")),
  bound("basis", undefined, 2_000n, inMarket("basisBps")),
  bound("freeDepth", 1n, 1_000_000n, inMarket("freeDepthBps")),
  bound("concentration", undefined, 10_000n, inMarket("concentrationBps")),
  bound("concentrationCap", undefined, 10_000n, inMarket("concentrationCapBps")),
  bound("dispersionTolerance", undefined, 10_000n, inMarket("dispersionToleranceBps")),
  bound("dispersionMultiple", undefined, 100_000n, inMarket("dispersionMultipleBps")),
  bound("stressWeight", 1n, 10_000n, inStress("weightBps")),
  bound("stressVolMultiple", 1_000n, 100_000n, inStress("volMultipleBps")),
  bound("stressVolFloor", undefined, 50_000n, inStress("volFloorBps")),
];

const SIGNED_MARGIN: readonly Bound[] = [
  bound("stressReturn", -9_999n, 90_000n, { stress: { 0: { returnBps: { 1: VALUE } } } }),
  bound("stressLinearTwist", -50_000n, 50_000n, inStress("linearTwistBps")),
  bound("stressAbsoluteTwist", -50_000n, 50_000n, inStress("absoluteTwistBps")),
];

/** A copy of the set with the edited field replaced by the value. */
const edited = (set: unknown, edit: unknown, value: bigint): unknown => {
  if (edit === VALUE) return value;
  const entries = Object.entries(edit as object).map(([key, inner]: [string, unknown]) => {
    const old = (set as Readonly<Record<string, unknown>>)[key];
    return [key, edited(old, inner, value)] as const;
  });
  if (!Array.isArray(set)) return { ...(set as object), ...Object.fromEntries(entries) };
  return set.map((old: unknown, i) => entries.find(([key]) => key === String(i))?.[1] ?? old);
};

describe("RiskConfig", () => {
  let fixture: OracleFixture;

  before(async () => {
    fixture = await deployOracle({ feeds: true });
  });

  const current = async (set: SetName): Promise<unknown> => {
    const [first, second] = await Promise.all(fixture.mocks.map((mock) => mock.getAddress()));
    return {
      Margin: marginParams(),
      Oracle: oracleParams([first ?? "", second ?? ""]),
      Liquidation: liquidationParams(),
    }[set];
  };
  const setTo = async (set: SetName, params: unknown) => {
    const hash: unknown = await fixture.config.getFunction(`${set.toLowerCase()}ParamsHash`).staticCall();
    return fixture.config.getFunction(`set${set}Params`).estimateGas(params, hash);
  };
  const expectBounds = async (set: SetName, bounds: readonly Bound[], error: string) => {
    const params = await current(set);
    for (const { name, min, max, edit } of bounds) {
      for (const [edge, beyond] of [
        [min, -1n],
        [max, 1n],
      ] as const) {
        if (edge === undefined) continue;
        await setTo(set, edited(params, edit, edge)).catch((cause: unknown) => {
          throw new Error(`${name} refuses its own bound ${edge}`, { cause });
        });
        const limits = (given: bigint | undefined) => (actual: bigint) =>
          given === undefined || actual === given;
        await expect(setTo(set, edited(params, edit, edge + beyond)), name)
          .to.be.revertedWithCustomError(fixture.config, error)
          .withArgs(encodeBytes32String(name), edge + beyond, limits(min), limits(max));
      }
    }
  };

  it("holds every liquidation parameter within its hard bounds, to the unit", async () => {
    await expectBounds("Liquidation", LIQUIDATION, "ParameterOutOfBounds");
  });

  it("holds every oracle parameter within its hard bounds, to the unit", async () => {
    await expectBounds("Oracle", ORACLE, "ParameterOutOfBounds");
  });

  it("holds every margin parameter within its hard bounds, to the unit", async () => {
    await expectBounds("Margin", MARGIN, "ParameterOutOfBounds");
    await expectBounds("Margin", SIGNED_MARGIN, "SignedParameterOutOfBounds");
  });

  it("wants markets to rise, at least one and at most eight of them, and stress for each", async () => {
    const margin = marginParams();
    const oracle = oracleParams();
    const market = oracle.markets[0];
    const refused = (set: SetName, params: unknown, name: string, args: readonly bigint[]) =>
      expect(setTo(set, params))
        .to.be.revertedWithCustomError(fixture.config, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String(name), ...args);
    await refused("Oracle", { ...oracle, markets: [] }, "marketCount", [0n, 1n, 8n]);
    await refused("Oracle", { ...oracle, markets: [market, market] }, "market", [1n, 2n, 65_535n]);
    const nine = Array.from({ length: 9 }, (_, i) => ({ ...market, market: i }));
    await refused("Oracle", { ...oracle, markets: nine }, "marketCount", [9n, 1n, 8n]);
    await refused("Margin", { ...margin, markets: margin.markets.toReversed() }, "market", [1n, 3n, 65_535n]);
    await refused("Margin", { ...margin, markets: [] }, "marketCount", [0n, 1n, 8n]);
    await refused("Margin", { ...margin, markets: margin.markets.slice(1) }, "stressReturnCount", [
      2n,
      1n,
      1n,
    ]);
    await refused("Margin", { ...margin, stress: [] }, "stressCount", [0n, 1n, 16n]);
    const many = Array.from({ length: 17 }, () => margin.stress[0]);
    await refused("Margin", { ...margin, stress: many }, "stressCount", [17n, 1n, 16n]);
  });

  it("returns each set as it was set, hashed as ethers encodes it", async () => {
    const abi = RiskConfig__factory.createInterface();
    for (const set of ["Margin", "Oracle", "Liquidation"] as const) {
      const fragment = abi.getFunction(`set${set}Params` as "setMarginParams");
      const [type] = fragment.inputs;
      if (type === undefined) throw new Error("The setter has no parameter.");
      const encoded = AbiCoder.defaultAbiCoder().encode([type], [await current(set)]);
      const name = set.toLowerCase();
      expect(await fixture.config.getFunction(`${name}ParamsHash`).staticCall()).to.equal(keccak256(encoded));
      const stored: unknown = await fixture.config.getFunction(`${name}Params`).staticCall();
      expect(AbiCoder.defaultAbiCoder().encode([type], [stored])).to.equal(encoded);
    }
  });

  it("refuses a proposal written against a set that is no longer in force", async () => {
    const inForce = await fixture.config.liquidationParamsHash();
    await expect(fixture.config.setLiquidationParams(liquidationParams(), ZeroHash))
      .to.be.revertedWithCustomError(fixture.config, "ParamsChanged")
      .withArgs(ZeroHash, inForce);
    await expect(fixture.config.setMarginParams(marginParams(), inForce)).to.be.revertedWithCustomError(
      fixture.config,
      "ParamsChanged",
    );
    await expect(fixture.config.setOracleParams(oracleParams(), inForce)).to.be.revertedWithCustomError(
      fixture.config,
      "ParamsChanged",
    );
  });

  it("refuses margin for a market that reports do not carry, from either side and from the start", async () => {
    const { ethers, owner, config } = fixture;
    const margin = marginParams();
    const oracle = oracleParams();
    const unreported = margin.markets.map((market, i) => ({
      ...market,
      market: i === 1 ? 3 : market.market,
    }));
    await expect(setTo("Margin", { ...margin, markets: unreported }))
      .to.be.revertedWithCustomError(config, "MarginMarketNotReported")
      .withArgs(3n);
    for (const [dropped, missing] of [
      [oracle.markets.slice(1), 1n],
      [oracle.markets.slice(0, 1), 2n],
    ] as const) {
      await expect(setTo("Oracle", { ...oracle, markets: dropped }))
        .to.be.revertedWithCustomError(config, "MarginMarketNotReported")
        .withArgs(missing);
      await expect(
        ethers.deployContract("RiskConfig", [
          owner.address,
          margin,
          { ...oracle, markets: dropped },
          liquidationParams(),
        ]),
      )
        .to.be.revertedWithCustomError(config, "MarginMarketNotReported")
        .withArgs(missing);
    }
    // A market enters the reports before it has margin.
    const third = { ...oracle.markets[1], market: 7 };
    await setTo("Oracle", { ...oracle, markets: [...oracle.markets, third] });
  });

  it("changes owner in two steps: the old one keeps its powers until the new one accepts", async () => {
    const { ethers, owner, config } = await deployOracle();
    const [, heir, stranger] = await ethers.getSigners();
    if (heir === undefined || stranger === undefined) throw new Error("The test chain has too few accounts.");
    await config.transferOwnership(heir.address);
    expect([await config.owner(), await config.pendingOwner()]).to.deep.equal([owner.address, heir.address]);
    const hash = await config.liquidationParamsHash();
    for (const early of [
      () => config.connect(heir).setLiquidationParams(liquidationParams(), hash),
      () => config.connect(stranger).acceptOwnership(),
      () => config.connect(stranger).transferOwnership(stranger.address),
    ]) {
      await expect(early()).to.be.revertedWithCustomError(config, "OwnableUnauthorizedAccount");
    }
    await config.setLiquidationParams(liquidationParams(), hash);
    await config.connect(heir).acceptOwnership();
    expect(await config.owner()).to.equal(heir.address);
    await expect(config.setLiquidationParams(liquidationParams(), hash))
      .to.be.revertedWithCustomError(config, "OwnableUnauthorizedAccount")
      .withArgs(owner.address);
    await config.connect(heir).setLiquidationParams(liquidationParams(), hash);
  });

  it("announces both hashes, and lets only its owner set anything", async () => {
    const previous = await fixture.config.liquidationParamsHash();
    await expect(fixture.config.setLiquidationParams({ ...liquidationParams(), penaltyBps: 100 }, previous))
      .to.emit(fixture.config, "LiquidationParamsSet")
      .withArgs(previous, (hash: string) => hash !== previous);
    const [, other] = await fixture.ethers.getSigners();
    if (other === undefined) throw new Error("The test chain has one account.");
    const stranger = fixture.config.connect(other);
    for (const call of [
      stranger.setMarginParams(marginParams(), ZeroHash),
      stranger.setOracleParams(oracleParams(), ZeroHash),
      stranger.setLiquidationParams(liquidationParams(), ZeroHash),
    ]) {
      await expect(call)
        .to.be.revertedWithCustomError(fixture.config, "OwnableUnauthorizedAccount")
        .withArgs(other.address);
    }
  });
});
