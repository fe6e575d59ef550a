// The whole house on a local chain, deployed as for the public, with four keepers, a market in two assets and traders that sign orders.
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { AbiCoder, hexlify, keccak256, ZeroHash } from "ethers";
import { network } from "hardhat";
import { deployBallast, type Ballast } from "../../deploy/deploy.ts";
import { type DeployParameters, loadParameters } from "../../deploy/parameter-file.ts";
import { packInstrumentId, type InstrumentKind } from "../../keeper/core/report/instrument-id.ts";
import { encodeScenarioSet, type JointScenario } from "../../keeper/core/report/scenario-set.ts";
import {
  ORDER_TYPES,
  REPORT_PAYLOAD_ABI,
  RISK_REPORT_TYPES,
  SCENARIO_SET_TYPES,
} from "../../keeper/core/report/typed-data.ts";
import { packMarketWord, packSmileWord } from "../../keeper/core/report/words.ts";

export const BTC = 1;
export const ETH = 2;
export const USD = 1_000_000n;
export const UNIT_E8 = 100_000_000n;
const PRICE_E8 = 100_000_000n;
const RATIO_ONE_E8 = 100_000_000n;
const SHARE_ONE_E9 = 1_000_000_000n;
const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
const EXPIRY_DAYS = 30;
const ETH_SPOT_USD = 3_000n;
const BTC_SPOT_USD = 90_000n;
const KEEPER_ACCOUNTS = [4, 5, 6, 7];
const FIRST_TRADER_ACCOUNT = 10;
const SCENARIOS = 400;
/** Standardised returns from -SPREAD to +SPREAD. */
const SPREAD = 3;
/** Total variance 0.02 flat: an annual vol of about 49 % at 30 days. */
const FLAT_VARIANCE_E10 = 200_000_000n;
const SMILE = { bE9: 1_000_000n, rhoE9: 0n, mE9: 0n, sE9: 100_000_000n };
const DEPTH_USD = 1_000_000_000n;
const CALM_SIGMA_E9 = 30_000_000n;
const PSI_E9 = 50_000_000n;

type Market = Readonly<{ btcUsd: bigint; ethUsd: bigint; sigmaE9: bigint }>;
const CALM: Market = { btcUsd: BTC_SPOT_USD, ethUsd: ETH_SPOT_USD, sigmaE9: CALM_SIGMA_E9 };

const at = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
};

const jointScenarios = (): readonly JointScenario[] =>
  Array.from({ length: SCENARIOS }, (_, i) => {
    const z = -SPREAD + (2 * SPREAD * i) / (SCENARIOS - 1);
    return {
      weight: 1,
      shocks: [
        { z, y: -z / 2 },
        { z, y: -z / 2 },
      ],
    };
  });

/**
 * @param keeperAccounts whose report keys the keepers have
 * @param change of the parameters, before they are deployed
 */
export const openDesk = async (
  keeperAccounts: readonly number[] = KEEPER_ACCOUNTS,
  change: (parameters: DeployParameters) => DeployParameters = (parameters) => parameters,
) => {
  const connection = await network.create();
  const { ethers, networkHelpers } = connection;
  const ballast: Ballast = await deployBallast(connection, change(await loadParameters("local")));
  const quorum = Number(await ballast.keepers.quorum());
  const signers = await ethers.getSigners();
  const keepers = keeperAccounts
    .map((account) => at(signers, account))
    .toSorted((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const { chainId } = await ethers.provider.getNetwork();
  const now = async () => networkHelpers.time.latest();
  const start = await now();
  const expiry =
    (Math.floor(start / HOUR_SECONDS) + (EXPIRY_DAYS * DAY_SECONDS) / HOUR_SECONDS) * HOUR_SECONDS;

  const quorumSignatures = async (
    contract: string,
    types: Parameters<HardhatEthersSigner["signTypedData"]>[1],
    value: object,
  ) =>
    Promise.all(
      keepers
        .slice(0, quorum)
        .map(async (keeper) =>
          keeper.signTypedData(
            { name: "Ballast", version: "1", chainId, verifyingContract: contract },
            types,
            value,
          ),
        ),
    );

  const publishScenarios = async () => {
    const data = hexlify(encodeScenarioSet({ markets: [BTC, ETH], scenarios: jointScenarios() }));
    const configDigest = await ballast.keepers.configDigest();
    const message = { configDigest, setId: 1n, dataHash: keccak256(data) };
    const types = { ScenarioSet: [...SCENARIO_SET_TYPES.ScenarioSet] };
    const signatures = await quorumSignatures(await ballast.scenarios.getAddress(), types, message);
    await ballast.scenarios.publish(1n, data, configDigest, signatures);
  };

  let epoch = 0n;
  /** A report that the keepers signed and nobody has posted; the feeds follow it. */
  const signReport = async (changed: Partial<Market> = {}, accountRoot = ZeroHash) => {
    const { btcUsd, ethUsd, sigmaE9 } = { ...CALM, ...changed };
    await at(ballast.feeds, 0).updateAnswer(btcUsd * PRICE_E8);
    await at(ballast.feeds, 1).updateAnswer(ethUsd * PRICE_E8);
    const block = await ethers.provider.getBlock("latest");
    if (typeof block?.hash !== "string") throw new Error("the chain has no block");
    epoch += 1n;
    const marketWord = (market: number, spotUsd: bigint) =>
      packMarketWord({
        market: BigInt(market),
        smileCount: 1n,
        dispersionBps: 0n,
        sigmaE9,
        psiE9: PSI_E9,
        depthUsd: DEPTH_USD,
        openInterestUsd: DEPTH_USD,
        spotE8: spotUsd * PRICE_E8,
      });
    const smile = packSmileWord({
      expiryHour: BigInt(expiry / HOUR_SECONDS),
      forwardRatioE8: RATIO_ONE_E8,
      discountE9: SHARE_ONE_E9,
      aE10: FLAT_VARIANCE_E10,
      ...SMILE,
    });
    const body = {
      configDigest: await ballast.keepers.configDigest(),
      epoch,
      round: 1n,
      observedAt: block.timestamp,
      blockNumber: block.number,
      blockHash: block.hash,
    };
    const payload = {
      pegBps: 10_000n,
      accountRoot,
      markets: [marketWord(BTC, btcUsd), marketWord(ETH, ethUsd)],
      smiles: [smile, smile],
    };
    const payloadHash = keccak256(
      AbiCoder.defaultAbiCoder().encode(REPORT_PAYLOAD_ABI, [
        payload.pegBps,
        payload.accountRoot,
        payload.markets,
        payload.smiles,
      ]),
    );
    const types = { RiskReport: [...RISK_REPORT_TYPES.RiskReport] };
    const signatures = await quorumSignatures(await ballast.oracle.getAddress(), types, {
      ...body,
      payloadHash,
    });
    return { report: { ...body, ...payload }, head: { ...body, payloadHash }, signatures };
  };
  const post = async (changed: Partial<Market>, accountRoot?: string) => {
    const signed = await signReport(changed, accountRoot);
    await ballast.oracle.submit(signed.report, signed.signatures);
  };
  /** Posts a report; a jump is confirmed at once by another one of the next epoch. */
  const report = async (changed: Partial<Market> = {}, accountRoot?: string) => {
    await post(changed, accountRoot);
    if ((await ballast.oracle.quarantinedCount()) > 0n) await post(changed, accountRoot);
  };

  const list = async (market: number, kind: InstrumentKind, strikeUsd: bigint): Promise<bigint> => {
    const instrument = packInstrumentId({ market, expiry, strikeE8: strikeUsd * PRICE_E8, kind });
    await ballast.registry.connect(at(signers, 3)).list([instrument]);
    return instrument;
  };

  let traders = 0;
  const openAccount = async (cashE6: bigint) => {
    const owner = at(signers, FIRST_TRADER_ACCOUNT + traders);
    traders += 1;
    await ballast.house.openAccount(owner.address);
    const account = await ballast.house.accountCount();
    if (cashE6 > 0n) await depositCash({ owner, account }, cashE6);
    return { owner, account };
  };
  type Trader = Readonly<{ owner: HardhatEthersSigner; account: bigint }>;

  const depositCash = async ({ owner, account }: Trader, cashE6: bigint) => {
    await ballast.coin.mint(owner.address, cashE6);
    await ballast.coin.connect(owner).approve(await ballast.vault.getAddress(), cashE6);
    await ballast.house.connect(owner).deposit(account, await ballast.coin.getAddress(), cashE6);
  };

  let nonce = 0n;
  /** The pair of orders of a trade at one price, as Exchange.fill takes it; the buyer is the maker. */
  const signPair = async (
    buyer: Trader,
    seller: Trader,
    instrument: bigint,
    sizeE8: bigint,
    priceE8: bigint,
  ) => {
    nonce += 1n;
    const deadline = (await now()) + HOUR_SECONDS;
    const signed = async ({ owner, account }: Trader, signedSizeE8: bigint) => {
      const order = {
        account,
        instrument,
        sizeE8: signedSizeE8,
        limitPriceE8: priceE8,
        counterparty: 0n,
        reduceOnly: false,
        nonce,
        deadline,
      };
      const domain = {
        name: "Ballast Exchange",
        version: "1",
        chainId,
        verifyingContract: await ballast.exchange.getAddress(),
      };
      return {
        order,
        signer: owner.address,
        signature: await owner.signTypedData(domain, ORDER_TYPES, order),
      };
    };
    const maker = await signed(buyer, sizeE8);
    const taker = await signed(seller, -sizeE8);
    return {
      maker: maker.order,
      makerSigner: maker.signer,
      makerSignature: maker.signature,
      taker: taker.order,
      takerSigner: taker.signer,
      takerSignature: taker.signature,
      sizeE8,
    };
  };
  const trade = async (...terms: Parameters<typeof signPair>) => {
    const { maker, makerSigner, makerSignature, taker, takerSigner, takerSignature, sizeE8 } = await signPair(
      ...terms,
    );
    await ballast.exchange.fill(
      maker,
      makerSigner,
      makerSignature,
      taker,
      takerSigner,
      takerSignature,
      sizeE8,
    );
  };

  const assess = async (account: bigint) => {
    const book = await ballast.house.book(account);
    return ballast.marginEngine.assess({
      cashE6: book.cashE6,
      positions: [...book.positions],
      collateral: book.collateral.map(({ market, quantityE8 }) => ({ market, quantityE8 })),
    });
  };

  await report();
  await publishScenarios();
  return {
    connection,
    ballast,
    signers,
    expiry,
    now,
    wait: async (seconds: number) => networkHelpers.time.increase(seconds),
    report,
    signReport,
    list,
    openAccount,
    depositCash,
    trade,
    signPair,
    assess,
  };
};

export type Desk = Awaited<ReturnType<typeof openDesk>>;
