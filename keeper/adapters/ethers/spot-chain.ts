import { id, type Provider, ZeroAddress } from "ethers";
import type { KeeperSlashing } from "../../../types/ethers-contracts/oracle/KeeperSlashing.ts";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { KeeperSlashing__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperSlashing__factory.ts";
import { KeeperStaking__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperStaking__factory.ts";
import { RiskConfig__factory } from "../../../types/ethers-contracts/factories/governance/RiskConfig__factory.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { SubmittedTransaction } from "../../ports/oracle-chain.ts";
import type { SpotCase, SpotChain, SpotVerdict } from "../../ports/spot-proofs.ts";
import type { TransactionSender } from "../../ports/transaction-sender.ts";
import { PHASE_SHIFT } from "./feed-rounds.ts";
import { selectorOf } from "./oracle-chain.ts";
import { refusalIn, sendOrRefuse } from "./refusal.ts";
import { createFeedRounds } from "./watched-feeds.ts";

const SLASHING = KeeperSlashing__factory.createInterface();
const INTERFACES = [
  SLASHING,
  KeeperRegistry__factory.createInterface(),
  KeeperStaking__factory.createInterface(),
];

export interface SpotAddresses {
  readonly keeperSlashing: Hex;
  readonly riskConfig: Hex;
}

/**
 * The slashing contract and the feeds through ethers.
 * @param prover the account of `sender`: it pays for proofs and gets the prover's part
 */
export function createSpotChain(
  { keeperSlashing, riskConfig }: SpotAddresses,
  provider: Provider,
  sender: TransactionSender,
  prover: Hex,
): SpotChain {
  const slashing = KeeperSlashing__factory.connect(keeperSlashing, provider);
  const config = RiskConfig__factory.connect(riskConfig, provider);
  const rounds = createFeedRounds(provider);
  let slack: number | null = null;
  const slackSeconds = async () => (slack ??= Number(await slashing.SPOT_SLACK_SECONDS()));
  const readFeed = async (market: number, feed: Hex) => {
    const [latest, { phase, since }] = await Promise.all([rounds.latest(feed), slashing.phaseOf(feed)]);
    const isNoted = latest === null || (since > 0n && phase === latest.id >> PHASE_SHIFT);
    return { market, feed, latest, isNoted };
  };
  return {
    slackSeconds,
    feeds: async () => {
      const { markets } = await config.oracleParams();
      const guarded = markets.filter(({ feed }) => feed !== ZeroAddress);
      return Promise.all(guarded.map(({ market, feed }) => readFeed(Number(market), asHex(feed))));
    },
    judge: async (found, marketIndex, { feed, latest }) => {
      const firstRoundId = await rounds.find(feed, latest, found.report.observedAt - (await slackSeconds()));
      return askContract(slashing, argsOf(found, marketIndex, firstRoundId), prover);
    },
    notePhase: ({ market, feed, latest }) =>
      send(sender, "noting which aggregator a feed answers from", {
        id: `phase/${keeperSlashing}/${feed}/${(latest.id >> PHASE_SHIFT).toString()}`,
        to: keeperSlashing,
        data: asHex(SLASHING.encodeFunctionData("notePhase", [market])),
        doneErrors: [],
      }),
    proveWrongSpot: (found, marketIndex, firstRoundId) =>
      send(sender, "proving a wrong spot", {
        id: `wrong-spot/${keeperSlashing}/${found.hash}/${id([...found.signatures.keys()].join())}`,
        to: keeperSlashing,
        data: asHex(SLASHING.encodeFunctionData("proveWrongSpot", argsOf(found, marketIndex, firstRoundId))),
        doneErrors: [selectorOf(SLASHING, "NobodyToSlash")],
      }),
  };
}

/** The contract is its own judge: what it would answer to the proof is the verdict. */
async function askContract(
  { proveWrongSpot }: KeeperSlashing,
  args: ReturnType<typeof argsOf>,
  from: Hex,
): Promise<SpotVerdict> {
  try {
    await proveWrongSpot.staticCall(...args, { from });
    const [, , , firstRoundId] = args;
    return { kind: "wrong", firstRoundId };
  } catch (error) {
    const reason = refusalIn(error, INTERFACES);
    if (reason === null) throw error;
    return reason.startsWith("SpotInsideBand(") ? { kind: "inside" } : { kind: "not-provable", reason };
  }
}

async function send(
  sender: TransactionSender,
  action: string,
  request: Parameters<TransactionSender["send"]>[0],
): Promise<SubmittedTransaction | null> {
  const sent = await sendOrRefuse(sender, action, INTERFACES, request);
  return sent.kind === "already-done" ? null : { hash: sent.hash, gasUsed: sent.gasUsed };
}

function argsOf({ report, signatures }: SpotCase, marketIndex: number, firstRoundId: bigint) {
  const struct = { ...report, markets: [...report.markets], smiles: [...report.smiles] };
  return [struct, [...signatures.values()], marketIndex, firstRoundId] as [
    typeof struct,
    string[],
    number,
    bigint,
  ];
}
