import type { ChainFacts } from "../ports/chain-probe.ts";
import type { Clock } from "../ports/clock.ts";
import type { Market, MarketData } from "../ports/market-data.ts";
import { StoreRefused } from "../ports/store.ts";
import { type ChainExpectation, findDifferences, NO_PARAMETERS_HASH } from "./chain-agreement.ts";

type Verdict = "ok" | "warn" | "fail";

/** One finding; `advice` says what to do and is null when all is well. */
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

/** What a doctor examines. */
export interface DoctorParts {
  readonly expected: ChainExpectation;
  readonly limits: DoctorLimits;
  /** The process's own clock. */
  readonly clock: Clock;
  /** Each node with what is wrong with it, or null. */
  nodes(): Promise<readonly { readonly name: string; readonly problem: string | null }[]>;
  facts(): Promise<ChainFacts>;
  /** Of the transmitter; null in a dry run. */
  readonly balanceWei: (() => Promise<bigint>) | null;
  /** Opens the store, writes into it and closes it; null in a dry run. */
  readonly tryStore: (() => Promise<void>) | null;
  /** Other keepers by name, and whether their endpoints take a connection; null in a dry run. */
  readonly peers: (() => Promise<readonly Peer[]>) | null;
  readonly marketData: MarketData;
  readonly markets: readonly Market[];
  /** Secret files that others than their owner have rights to. */
  readonly openFiles: readonly string[];
}

const WEI_PER_ETH = 1e18;
const SHOWN_DECIMALS = 4;

/** Examines everything that a keeper needs; no check keeps the others from being made. */
export async function examine(parts: DoctorParts): Promise<readonly DoctorCheck[]> {
  const groups = await Promise.all([
    attempt("nodes", "check rpcUrls and the nodes", () => checkNodes(parts)),
    attempt("chain", "check rpcUrls and the nodes", () => checkChain(parts)),
    attempt("balance", "check the nodes", () => checkBalance(parts)),
    attempt("store", "check the store's path, rights and free space, or the database", () =>
      checkStore(parts),
    ),
    attempt("peers", "check the nodes", () => checkPeers(parts)),
    ...parts.markets.map((market) =>
      attempt(`market data ${market}`, "check the data folder or the venues", () =>
        checkMarket(parts, market),
      ),
    ),
  ]);
  return [...groups.flat(), ...checkKeyFiles(parts.openFiles)];
}

async function attempt(
  name: string,
  advice: string,
  check: () => Promise<readonly DoctorCheck[]>,
): Promise<readonly DoctorCheck[]> {
  try {
    return await check();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ name, verdict: "fail", detail, advice: error instanceof StoreRefused ? error.advice : advice }];
  }
}

function ok(name: string, detail: string): DoctorCheck {
  return { name, verdict: "ok", detail, advice: null };
}

async function checkNodes(parts: DoctorParts): Promise<readonly DoctorCheck[]> {
  const all = await parts.nodes();
  const bad = all.filter(({ problem }) => problem !== null);
  const checks: DoctorCheck[] = all.map(({ name, problem }) =>
    problem === null
      ? ok(`node ${name}`, "answers and agrees with the others")
      : {
          name: `node ${name}`,
          verdict: bad.length === all.length ? "fail" : "warn",
          detail: `not used: ${problem}`,
          advice: "repair or replace it in rpcUrls; the others are used meanwhile",
        },
  );
  if (all.length > 1) return checks;
  const advice = "name a second node in rpcUrls, run by somebody else";
  return [...checks, { name: "nodes", verdict: "warn", detail: "there is only one node", advice }];
}

async function checkChain(parts: DoctorParts): Promise<readonly DoctorCheck[]> {
  const { expected, limits, clock } = parts;
  const seen = await parts.facts();
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
  if (differences.length > 0 || seen.kind === "incomplete") return [time, ...differences];
  const { keeperSet, oracleParamsHash, marginParamsHash } = seen;
  const pinned =
    expected.configDigests.length > 0 &&
    expected.oracleParamsHash !== null &&
    expected.marginParamsHash !== null;
  const values = `config digest ${keeperSet.configDigest}, oracle parameters ${oracleParamsHash}, margin parameters ${marginParamsHash}`;
  return [
    time,
    ok(
      "chain",
      `chain ${seen.chainId.toString()}, block ${seen.block.number.toString()}, contracts in place`,
    ),
    expected.address === null
      ? ok("membership", "not needed in a dry run")
      : ok("membership", `${expected.address} is one of ${keeperSet.keepers.length} keepers`),
    pinned
      ? ok("agreement", values)
      : {
          name: "agreement",
          verdict: "warn",
          detail: `not all of them are held to a known value: ${values}`,
          advice: "compare them with another keeper's and put them into `expect`",
        },
    seen.parametersHash === NO_PARAMETERS_HASH
      ? {
          name: "protocol parameters",
          verdict: "warn",
          detail: `the registry holds none; this keeper's are ${expected.parametersHash}`,
          advice: "compare them with the other keepers', and let governance call setParametersHash with them",
        }
      : ok("protocol parameters", `${seen.parametersHash}, as the registry holds them`),
  ];
}

function checkKeyFiles(openFiles: readonly string[]): readonly DoctorCheck[] {
  return openFiles.map((file) => ({
    name: "key file",
    verdict: "warn",
    detail: `others than its owner have rights to ${file}`,
    advice: `chmod 600 ${file}`,
  }));
}

async function checkBalance({ balanceWei, limits }: DoctorParts): Promise<readonly DoctorCheck[]> {
  if (balanceWei === null) return [ok("balance", "not needed in a dry run")];
  const balance = await balanceWei();
  const eth = (wei: bigint) => `${(Number(wei) / WEI_PER_ETH).toFixed(SHOWN_DECIMALS)} ETH`;
  if (balance >= limits.minBalanceWei) return [ok("balance", eth(balance))];
  return [
    {
      name: "balance",
      verdict: balance === 0n ? "fail" : "warn",
      detail: `${eth(balance)}, at least ${eth(limits.minBalanceWei)} expected`,
      advice: "send the transmitter some ETH (`ballast keys list` shows its address)",
    },
  ];
}

async function checkStore({ tryStore }: DoctorParts): Promise<readonly DoctorCheck[]> {
  if (tryStore === null) return [ok("store", "not needed in a dry run")];
  await tryStore();
  return [ok("store", "opens and writes")];
}

async function checkPeers(parts: DoctorParts): Promise<readonly DoctorCheck[]> {
  if (parts.peers === null) return [ok("peers", "not needed in a dry run")];
  const [others, seen] = await Promise.all([parts.peers(), parts.facts()]);
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
  { marketData, limits, clock }: DoctorParts,
  market: Market,
): Promise<readonly DoctorCheck[]> {
  const name = `market data ${market}`;
  const { observedAtSeconds, spotUsd, expiries } = await marketData.latest(market);
  const age = clock.nowSeconds() - observedAtSeconds;
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
