import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { id, ZeroAddress, ZeroHash, type BaseContract, type BlockTag, type Contract } from "ethers";
import { network } from "hardhat";
import { ForeignBlockNumbers, requireOwnBlocks } from "../../deploy/block-hashes.ts";
import { deployBallast, type Ballast } from "../../deploy/deploy.ts";
import { SPOT_SLACK_SECONDS } from "../../keeper/core/protocol/parameters.ts";
import { loadParameters, parseParameters, type DeployParameters } from "../../deploy/parameter-file.ts";

const KEEPER_ACCOUNTS = [4, 5, 6, 7];
/** The template is for a chain of the OP stack. */
const BASE = 8_453;

type AccessControlled = Pick<Contract, "queryFilter" | "filters">;

/** Who holds each role of a contract, read from its history; sorted. */
const roleHolders = async (contract: BaseContract): Promise<Readonly<Record<string, readonly string[]>>> => {
  const { queryFilter, filters } = contract as AccessControlled;
  const history = async (event: string) => {
    const filter = filters[event];
    if (filter === undefined) throw new Error(`the contract has no event ${event}`);
    return (await queryFilter.call(contract, filter)).flatMap((log) =>
      "args" in log
        ? [
            {
              place: log.blockNumber,
              index: log.index,
              granted: event === "RoleGranted",
              role: String(log.args["role"]),
              holder: String(log.args["account"]),
            },
          ]
        : [],
    );
  };
  const all = [...(await history("RoleGranted")), ...(await history("RoleRevoked"))].toSorted(
    (a, b) => a.place - b.place || a.index - b.index,
  );
  const held = new Map<string, Set<string>>();
  for (const { granted, role, holder } of all) {
    const holders = held.get(role) ?? new Set<string>();
    if (granted) holders.add(holder);
    else holders.delete(holder);
    held.set(role, holders);
  }
  return Object.fromEntries(
    [...held]
      .filter(([, holders]) => holders.size > 0)
      .map(([role, holders]) => [role, [...holders].toSorted()]),
  );
};

describe("deployment", () => {
  let ballast: Ballast;
  let parameters: DeployParameters;
  let accounts: readonly string[];

  before(async () => {
    const connection = await network.create();
    parameters = await loadParameters("local");
    ballast = await deployBallast(connection, parameters);
    accounts = (await connection.ethers.getSigners()).map(({ address }) => address);
  });

  const account = (index: number) => accounts[index] ?? ZeroAddress;

  it("gives each role to exactly its holder and leaves the deployer none", async () => {
    const { timelock, governor, vault, house, registry, fund, guardian, keepers, staking } = ballast;
    const governance = await timelock.getAddress();
    const liquidation = await ballast.liquidation.getAddress();
    const expected = [
      [vault, { [ZeroHash]: [governance], [id("HOUSE_ROLE")]: [await house.getAddress()] }],
      [
        house,
        {
          [ZeroHash]: [governance],
          [id("EXCHANGE_ROLE")]: [await ballast.exchange.getAddress()],
          [id("LIQUIDATION_ROLE")]: [liquidation],
          [id("SETTLEMENT_ROLE")]: [await ballast.settlement.getAddress()],
          [id("GUARDIAN_ROLE")]: [await guardian.getAddress()],
        },
      ],
      [registry, { [ZeroHash]: [governance], [id("LISTER_ROLE")]: [account(3)] }],
      [fund, { [ZeroHash]: [governance], [id("LIQUIDATION_ROLE")]: [liquidation] }],
      [keepers, { [ZeroHash]: [governance], [id("CONFIGURER_ROLE")]: [await staking.getAddress()] }],
      [staking, { [ZeroHash]: [governance], [id("SLASHER_ROLE")]: [await ballast.slashing.getAddress()] }],
      [ballast.rewards, { [ZeroHash]: [governance] }],
      [guardian, { [ZeroHash]: [governance], [id("GUARDIAN_ROLE")]: [account(2)] }],
      [
        timelock,
        {
          [ZeroHash]: [governance],
          [id("PROPOSER_ROLE")]: [await governor.getAddress()],
          [id("CANCELLER_ROLE")]: [await governor.getAddress()],
          [id("EXECUTOR_ROLE")]: [ZeroAddress],
        },
      ],
    ] as const;
    for (const [contract, roles] of expected) expect(await roleHolders(contract)).to.deep.equal(roles);
  });

  it("makes the timelock the owner of the rules, with nobody waiting to take over", async () => {
    const governance = await ballast.timelock.getAddress();
    expect(await ballast.config.owner()).to.equal(governance);
    expect(await ballast.config.pendingOwner()).to.equal(ZeroAddress);
    expect(await ballast.staking.sink()).to.equal(governance);
    expect(await ballast.governor.timelock()).to.equal(governance);
  });

  it("gives all votes to the holder named and none to the deployer", async () => {
    const { token } = ballast;
    expect(await token.balanceOf(account(1))).to.equal(await token.totalSupply());
    expect(await ballast.governor.token()).to.equal(await token.getAddress());
  });

  it("connects every contract to the others", async () => {
    const at = async (contract: BaseContract) => contract.getAddress();
    const { house, oracle, config, keepers, marginEngine, vault, registry, fund, liquidation } = ballast;
    const wires: readonly (readonly [string, Promise<string>, BaseContract])[] = [
      ["house.vault", house.vault(), vault],
      ["house.registry", house.registry(), registry],
      ["house.engine", house.engine(), marginEngine],
      ["house.oracle", house.oracle(), oracle],
      ["registry.oracle", registry.oracle(), oracle],
      ["oracle.registry", oracle.registry(), keepers],
      ["oracle.config", oracle.config(), config],
      ["staking.registry", ballast.staking.registry(), keepers],
      ["staking.token", ballast.staking.token(), ballast.token],
      ["slashing.registry", ballast.slashing.registry(), keepers],
      ["slashing.staking", ballast.slashing.staking(), ballast.staking],
      ["slashing.oracle", ballast.slashing.oracle(), oracle],
      ["slashing.config", ballast.slashing.config(), config],
      ["rewards.registry", ballast.rewards.registry(), keepers],
      ["rewards.staking", ballast.rewards.staking(), ballast.staking],
      ["rewards.oracle", ballast.rewards.oracle(), oracle],
      ["rewards.token", ballast.rewards.token(), ballast.token],
      ["scenarios.registry", ballast.scenarios.registry(), keepers],
      ["scenarios.config", ballast.scenarios.config(), config],
      ["marginEngine.riskConfig", marginEngine.riskConfig(), config],
      ["marginEngine.riskOracle", marginEngine.riskOracle(), oracle],
      ["marginEngine.scenarioStore", marginEngine.scenarioStore(), ballast.scenarios],
      ["exchange.house", ballast.exchange.house(), house],
      ["settlement.house", ballast.settlement.house(), house],
      ["settlement.oracle", ballast.settlement.oracle(), oracle],
      ["liquidation.house", liquidation.house(), house],
      ["liquidation.config", liquidation.config(), config],
      ["liquidation.fund", liquidation.fund(), fund],
      ["upkeep.house", ballast.upkeep.house(), house],
      ["upkeep.config", ballast.upkeep.config(), config],
      ["upkeep.liquidation", ballast.upkeep.liquidation(), liquidation],
      ["fund.vault", fund.vault(), vault],
      ["fund.asset", fund.asset(), ballast.coin],
      ["vault.settlementCoin", vault.settlementCoin(), ballast.coin],
      ["guardian.house", ballast.guardian.house(), house],
      ["lens.house", ballast.lens.house(), house],
      ["accountRisk.house", ballast.accountRisk.house(), house],
      ["carrier.house", ballast.carrier.house(), house],
      ["carrier.exchange", ballast.carrier.exchange(), ballast.exchange],
    ];
    for (const [name, wire, target] of wires) expect(await wire, name).to.equal(await at(target));
  });

  it("stores the parameters of the file", async () => {
    const margin = await ballast.config.marginParams();
    expect(Number(margin.varConfidenceBps)).to.equal(parameters.margin.varConfidenceBps);
    expect(margin.stress.map(({ name }) => name)).to.deep.equal(
      parameters.margin.stress.map(({ name }) => name),
    );
    const liquidation = await ballast.config.liquidationParams();
    expect(Number(liquidation.penaltyBps)).to.equal(parameters.liquidation.penaltyBps);
    const oracle = await ballast.config.oracleParams();
    const feeds = await Promise.all(ballast.feeds.map(async (feed) => feed.getAddress()));
    expect(oracle.markets.map(({ feed }) => feed)).to.deep.equal(feeds);
    expect(await ballast.keepers.keepers()).to.have.members(KEEPER_ACCOUNTS.map(account));
    const entries = await ballast.keepers.entries();
    const named = parameters.keepers.entries;
    expect(entries.map(({ networkKey }) => networkKey)).to.have.members(
      named.map(({ networkKey }) => networkKey),
    );
    expect(entries.map(({ endpoint }) => endpoint)).to.have.members(named.map(({ endpoint }) => endpoint));
    expect(await ballast.keepers.overlapSeconds()).to.equal(BigInt(parameters.keepers.overlapSeconds));
    for (const operator of KEEPER_ACCOUNTS)
      expect(await ballast.staking.isCandidate(account(operator))).to.equal(true);
    const { minUnits, proverShareBps, ...delays } = parameters.keepers.stake;
    expect(await ballast.staking.minStakeUnits()).to.equal(minUnits);
    expect(await ballast.staking.proverShareBps()).to.equal(BigInt(proverShareBps));
    const stored = await ballast.staking.delays();
    expect([...stored]).to.deep.equal(
      [delays.joinSeconds, delays.leaveSeconds, delays.rotationSeconds, delays.unbondingSeconds].map(BigInt),
    );
    expect(await ballast.rewards.unitsPerSignature()).to.equal(parameters.keepers.rewardUnitsPerSignature);
    expect(await ballast.rewards.carriageShares()).to.equal(
      BigInt(parameters.keepers.rewardSharesPerCarriage),
    );
    const assets = await ballast.vault.assets();
    expect(assets.map(({ market, haircutBps }) => [Number(market), Number(haircutBps)])).to.deep.equal([
      [0, 0],
      [1, 1_000],
      [2, 1_000],
    ]);
  });

  it("notes which aggregator each feed answers from, so that spots can be judged from the first report on", async () => {
    for (const feed of ballast.feeds) {
      const [phase, since] = await ballast.slashing.phaseOf(await feed.getAddress());
      expect(phase).to.equal(0n);
      expect(since).to.be.greaterThan(0n);
    }
    expect(await ballast.config.oracleParamsSetAt()).to.be.greaterThan(0n);
  });

  it("judges a spot by as much time about its observation as keepers keep to", async () => {
    expect(await ballast.slashing.SPOT_SLACK_SECONDS()).to.equal(BigInt(SPOT_SLACK_SECONDS));
  });

  it("refuses parameters that are for another chain", async () => {
    const connection = await network.create();
    const wrong = { ...parameters, chainId: 1 };
    let message = "";
    await deployBallast(connection, wrong).catch((error: unknown) => {
      message = String(error);
    });
    expect(message).to.include("The parameters are for chain 1, the connection is to 31337.");
  });
});

describe("a chain to deploy to", () => {
  it("is one whose contracts see its own blocks", async () => {
    const { ethers, networkHelpers } = await network.create();
    const { provider } = ethers;
    await requireOwnBlocks(provider);
    await networkHelpers.mine(3);
    await requireOwnBlocks(provider);
    const chain = {
      getBlockNumber: () => provider.getBlockNumber(),
      getBlock: (number: BlockTag | string) => provider.getBlock(number),
      getNetwork: () => provider.getNetwork(),
      call: () => Promise.resolve(`0x${"77".repeat(32)}`),
    };
    const refusal = await requireOwnBlocks(chain).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(ForeignBlockNumbers).and.include({ code: "foreign-block-numbers" });
    expect(String(refusal)).to.include("chain 31337").and.include("OP stack");
  });
});

describe("parameter files", () => {
  const TO_FILL = /<[^>]+>/g;
  const AN_ADDRESS = "0x00000000000000000000000000000000000000aa";

  const fillingOf = (blank: string): string => {
    if (blank.startsWith("<network key")) return id(blank);
    return blank.startsWith("<multiaddr") ? "/ip4/127.0.0.1/tcp/1" : AN_ADDRESS;
  };

  const template = async () =>
    readFile(new URL("../../deploy/parameters/l2-template.json", import.meta.url), "utf8");

  it("names every value of the template that is still to be filled in", async () => {
    const text = await template();
    const blanks = text.match(TO_FILL) ?? [];
    expect(blanks).to.have.length(29);
    expect(() => parseParameters(JSON.parse(text))).to.throw("fill in <address of the guardian multisig>");
    for (const blank of blanks) {
      const othersFilled = text.replaceAll(TO_FILL, (found) => (found === blank ? found : fillingOf(found)));
      expect(() => parseParameters(JSON.parse(othersFilled)), blank).to.throw(blank);
    }
  });

  it("accepts the template once it is filled in", async () => {
    const filled = parseParameters(JSON.parse((await template()).replaceAll(TO_FILL, fillingOf)));
    expect(filled.chainId).to.equal(BASE);
  });

  it("refuses an unknown field", async () => {
    const text = await readFile(new URL("../../deploy/parameters/local.json", import.meta.url), "utf8");
    const local: unknown = JSON.parse(text);
    expect(() => parseParameters({ ...Object(local), colour: "blue" })).to.throw("colour");
  });
});
