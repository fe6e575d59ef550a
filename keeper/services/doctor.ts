import type { ChainFacts } from "../ports/chain-probe.ts";
import type { Clock } from "../ports/clock.ts";
import type { NodeStatus } from "../ports/keeper-status.ts";
import type { Market, MarketData } from "../ports/market-data.ts";
import { type ChainExpectation, findDifferences, NO_PARAMETERS_HASH } from "./chain-agreement.ts";
import {
  describeHistoryAge,
  HISTORY_LATE_DAYS,
  historyAgeDays,
  MAX_HISTORY_AGE_DAYS,
} from "./history-freshness.ts";

/** `skip`: it could not be checked, for a reason that another check names. */
type Verdict = "ok" | "warn" | "fail" | "skip";

/** One finding; `advice` says what to do and is null when there is nothing to do about this one. */
export interface DoctorCheck {
  readonly name: string;
  readonly verdict: Verdict;
  readonly detail: string;
  readonly advice: string | null;
}

interface DoctorLimits {
  readonly minBalanceWei: bigint;
  readonly maxClockDriftSeconds: number;
  readonly maxDataAgeSeconds: number;
}

/** Another keeper, and whether its endpoint takes a connection. */
export interface Peer {
  readonly name: string;
  readonly reachable: boolean;
}

/** What a doctor examines. Whatever it asks may reject: with NotChecked when something else is the cause. */
export interface DoctorParts {
  /** Its address is null where none is known. */
  readonly expected: ChainExpectation;
  readonly isDryRun: boolean;
  readonly limits: DoctorLimits;
  /** The process's own clock. */
  clock(): Promise<Clock>;
  /** Each node with what is wrong with it. */
  nodes(): Promise<readonly NodeStatus[]>;
  facts(): Promise<ChainFacts>;
  /** Of the transmitter. */
  balanceWei(): Promise<bigint>;
  /** Opens the store, writes into it and takes it back; resolves to what it found. */
  tryStore(): Promise<string>;
  /** Other keepers by name, and whether their endpoints take a connection. */
  peers(): Promise<readonly Peer[]>;
  marketData(): Promise<Pick<MarketData, "latest" | "lastDaySeconds" | "settlementCoinUsd">>;
  readonly markets: readonly Market[];
}

/** Something could not be examined, and another check says why. */
export class NotChecked extends Error {
  readonly code = "not-checked";

  constructor(reason: string) {
    super(`not checked: ${reason}`);
    this.name = "NotChecked";
  }
}

const WEI_PER_ETH = 1e18;
/** Farther below a dollar than a coin with a whole peg is. */
const MIN_COIN_USD = 0.995;
const SHOWN_DECIMALS = 4;

/** Examines everything that a keeper needs; no check keeps the others from being made. */
export async function examine(parts: DoctorParts): Promise<readonly DoctorCheck[]> {
  const facts = parts.facts();
  // Whoever needs them may come later.
  facts.catch(() => undefined);
  const needed = async () => {
    try {
      return await facts;
    } catch {
      throw new NotChecked("the chain cannot be read");
    }
  };
  const marketData = parts.marketData();
  marketData.catch(() => undefined);
  const opened = () =>
    marketData.catch(() => {
      throw new NotChecked("market data cannot be opened");
    });
  const groups = await Promise.all([
    attempt("nodes", "check rpcUrls and the nodes", () => checkNodes(parts)),
    attempt("chain", "see what is said of each node", async () => checkChain(parts, await facts)),
    ...(parts.isDryRun
      ? []
      : [
          attempt("balance", "see what is said of each node", async () => {
            await needed();
            return checkBalance(parts);
          }),
          attempt("store", "check the store's path, rights and free space, or the database", async () => [
            ok("store", await parts.tryStore()),
          ]),
          attempt("peers", "see what is said of each node", async () => checkPeers(parts, await needed())),
        ]),
    attempt("market data", "check marketData in the configuration", async () => {
      await marketData;
      return [];
    }),
    ...parts.markets.map((market) =>
      attempt(`market data ${market}`, "check the data folder or the venues", async () =>
        checkMarket(parts, await opened(), market),
      ),
    ),
    attempt(
      "settlement coin",
      "name a second source: Kraken, or Chainlink's feed in marketData.feeds",
      async () => checkCoin(await (await opened()).settlementCoinUsd()),
    ),
    attempt("market history", "check the data folder", async () => checkHistory(parts, await opened())),
  ]);
  return groups.flat();
}

/** Makes a check; what it throws is its finding, with the error's own advice where it has one. */
export async function attempt(
  name: string,
  advice: string,
  check: () => readonly DoctorCheck[] | Promise<readonly DoctorCheck[]>,
): Promise<readonly DoctorCheck[]> {
  try {
    return await check();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    if (error instanceof NotChecked) return [{ name, verdict: "skip", detail, advice: null }];
    return [{ name, verdict: "fail", detail, advice: adviceOf(error) ?? advice }];
  }
}

function adviceOf(error: unknown): string | null {
  return error instanceof Error && "advice" in error && typeof error.advice === "string"
    ? error.advice
    : null;
}

export function ok(name: string, detail: string): DoctorCheck {
  return { name, verdict: "ok", detail, advice: null };
}

async function checkNodes(parts: DoctorParts): Promise<readonly DoctorCheck[]> {
  const all = await parts.nodes();
  const bad = all.filter(({ problem }) => problem !== null);
  const isAnyGood = bad.length < all.length;
  const checks: DoctorCheck[] = all.map(({ name, problem }) =>
    problem === null
      ? ok(`node ${name}`, "answers and agrees with the others")
      : {
          name: `node ${name}`,
          verdict: isAnyGood ? "warn" : "fail",
          detail: `not used: ${problem}`,
          advice: isAnyGood
            ? "repair or replace it in rpcUrls; the others are used meanwhile"
            : "repair it, or name one that works in rpcUrls: nothing can be done without a node",
        },
  );
  if (all.length > 1) return checks;
  const advice = "name a second node in rpcUrls, run by somebody else";
  return [...checks, { name: "nodes", verdict: "warn", detail: "there is only one node", advice }];
}

async function checkChain(parts: DoctorParts, seen: ChainFacts): Promise<readonly DoctorCheck[]> {
  const { expected, limits } = parts;
  const clock = await parts.clock();
  const drift = clock.nowSeconds() - seen.block.timestampSeconds;
  const isLate = Math.abs(drift) > limits.maxClockDriftSeconds;
  const time: DoctorCheck = isLate
    ? {
        name: "clock",
        verdict: drift < 0 ? "fail" : "warn",
        detail: `${drift} s from the latest block's time, at most ${limits.maxClockDriftSeconds} s expected`,
        advice: "synchronise this machine's clock (NTP); when it is right, the node is behind",
      }
    : ok("clock", `${drift} s from the latest block's time`);
  const differences = findDifferences(seen, expected).map(
    ({ what, expected: wanted, actual, advice }): DoctorCheck => ({
      name: what,
      verdict: "fail",
      detail: `expected ${wanted}; the chain says ${actual}`,
      advice,
    }),
  );
  if (seen.kind === "incomplete" || seen.chainId !== expected.chainId) return [time, ...differences];
  const chain = `chain ${seen.chainId.toString()}, block ${seen.block.number.toString()}, contracts in place`;
  const differs = (what: string) => differences.some(({ name }) => name === what);
  return [
    time,
    ...differences,
    ok("chain", chain),
    ...(differs("membership") || differs("network key") ? [] : membership(parts, seen)),
    ...(differences.length > 0 ? [] : [agreement(parts, seen)]),
    ...(differs("protocol parameters") ? [] : [protocolParameters(parts, seen)]),
  ];
}

type CompleteFacts = Extract<ChainFacts, { kind: "complete" }>;

function membership(
  { expected, isDryRun }: DoctorParts,
  { keeperSet }: CompleteFacts,
): readonly DoctorCheck[] {
  if (isDryRun) return [];
  const { address } = expected;
  return [
    address === null
      ? {
          name: "membership",
          verdict: "skip",
          detail: new NotChecked("the report key is not known").message,
          advice: null,
        }
      : ok("membership", `${address} is one of ${keeperSet.keepers.length} keepers`),
  ];
}

function agreement({ expected }: DoctorParts, facts: CompleteFacts): DoctorCheck {
  const { keeperSet, oracleParamsHash, marginParamsHash } = facts;
  const values = `config digest ${keeperSet.configDigest}, oracle parameters ${oracleParamsHash}, margin parameters ${marginParamsHash}`;
  const isPinned =
    expected.configDigests.length > 0 &&
    expected.oracleParamsHashes.length > 0 &&
    expected.marginParamsHashes.length > 0;
  if (isPinned) return ok("agreement", values);
  return {
    name: "agreement",
    verdict: "warn",
    detail: `not all of them are held to a known value: ${values}`,
    advice: "compare them with another keeper's and put them into `expect`",
  };
}

function protocolParameters({ expected }: DoctorParts, { parametersHash }: CompleteFacts): DoctorCheck {
  const name = "protocol parameters";
  if (parametersHash !== NO_PARAMETERS_HASH) return ok(name, `${parametersHash}, as the registry holds them`);
  return {
    name,
    verdict: "warn",
    detail: `the registry holds none; this keeper's are ${expected.parametersHash}`,
    advice: "compare them with the other keepers', and let governance call setParametersHash with them",
  };
}

async function checkBalance(parts: DoctorParts): Promise<readonly DoctorCheck[]> {
  const { limits } = parts;
  const balance = await parts.balanceWei();
  const eth = (wei: bigint) => `${(Number(wei) / WEI_PER_ETH).toFixed(SHOWN_DECIMALS)} ETH`;
  if (balance >= limits.minBalanceWei) return [ok("balance", eth(balance))];
  // Never a failure: without it the keeper still signs, and others transmit.
  return [
    {
      name: "balance",
      verdict: "warn",
      detail: `the transmitter has ${eth(balance)}, at least ${eth(limits.minBalanceWei)} expected: others transmit meanwhile`,
      advice: "send the transmitter some ETH (`ballast keys list` shows its address)",
    },
  ];
}

async function checkPeers(parts: DoctorParts, seen: ChainFacts): Promise<readonly DoctorCheck[]> {
  const others = await parts.peers();
  const away = others.filter(({ reachable }) => !reachable).map(({ name }) => name);
  if (away.length === 0) return [ok("peers", `all ${others.length} take a connection`)];
  const quorum = seen.kind === "complete" ? seen.keeperSet.quorum : others.length + 1;
  const present = others.length + 1 - away.length;
  // Never a failure: the first keepers of a network to start find nobody.
  return [
    {
      name: "peers",
      verdict: "warn",
      detail: `${away.join(", ")} take no connection; with this keeper ${present} of the ${quorum} needed`,
      advice: "check this machine's outgoing rules and ask their operators",
    },
  ];
}

async function checkMarket(
  parts: DoctorParts,
  source: Pick<MarketData, "latest">,
  market: Market,
): Promise<readonly DoctorCheck[]> {
  const { limits } = parts;
  const name = `market data ${market}`;
  const { observedAtSeconds, spotUsd, expiries } = await source.latest(market);
  const age = (await parts.clock()).nowSeconds() - observedAtSeconds;
  const detail = `spot ${spotUsd} USD, ${expiries.length} expiries, ${age} s old`;
  if (age <= limits.maxDataAgeSeconds) return [ok(name, detail)];
  return [
    {
      name,
      verdict: "fail",
      detail: `${detail}, at most ${limits.maxDataAgeSeconds} s expected`,
      advice: "check the connection to the venues, or the episode's days against the chain's time",
    },
  ];
}

function checkCoin(usd: number): readonly DoctorCheck[] {
  const detail = `${usd} USD`;
  if (usd >= MIN_COIN_USD) return [ok("settlement coin", detail)];
  const advice =
    "compare it with the coin's issuer and other venues; reports carry it, and margins rise with it";
  return [{ name: "settlement coin", verdict: "warn", detail, advice }];
}

async function checkHistory(
  parts: DoctorParts,
  source: Pick<MarketData, "lastDaySeconds">,
): Promise<readonly DoctorCheck[]> {
  const name = "market history";
  const age = historyAgeDays(source.lastDaySeconds(), (await parts.clock()).nowSeconds());
  const detail = describeHistoryAge(age);
  if (age <= HISTORY_LATE_DAYS) return [ok(name, detail)];
  return [
    {
      name,
      verdict: age <= MAX_HISTORY_AGE_DAYS ? "warn" : "fail",
      detail,
      advice:
        "run `ballast history update`; a running keeper does so by itself unless marketData.keepHistory is false",
    },
  ];
}
