import { isError } from "ethers";
import { KeystoreError } from "../adapters/keystore/keystore-error.ts";
import { ConfigError } from "../config.ts";
import { ChainRefusal } from "../ports/clearing-chain.ts";
import { HistoryRefused } from "../ports/market-records.ts";
import { VenueError } from "../ports/market-source.ts";
import { StoreRefused } from "../ports/store.ts";
import { AccountCannotPay, ChainUnavailable, NodesDisagree } from "../ports/transaction-sender.ts";
import { ChainDisagrees } from "../services/chain-agreement.ts";

/** A command cannot go on: what is wrong and what to do next. */
export class CommandError extends Error {
  readonly code: string;
  readonly advice: string;

  constructor(code: string, message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
    this.code = code;
    this.advice = advice;
  }
}

/** An error as a person or a program reads it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}

/** What to do about each of the contracts' errors that a user can meet. */
const ADVICE: Readonly<Record<string, string>> = {
  NotAuthorised: "sign with the key of the account's owner or of an operator (--keystore, or --dev-account)",
  UnknownAccount: "see the accounts there are: ballast account list",
  BelowInitialMargin: "deposit more or trade less; see what margin is made of: ballast margin ACCOUNT",
  AccountIsReduceOnly: "the account is called: deposit or reduce until its health is back at the target",
  PositionWouldGrow: "the account may only reduce: trade the other side, or deposit first",
  InsufficientBalance: "ask for less; see what there is: ballast account show ACCOUNT",
  InflowsNotAllowed: "the account's owner has to allow inflows, or deposit from the owner's key",
  Paused: "risk may be reduced but not added until the pause ends: ballast oracle status",
  ReportTooOld: "wait for the keepers' next report: ballast oracle status",
  NoReport: "the keepers have posted no report yet: ballast oracle status",
  UnknownAsset: "name the settlement coin or an asset of the vault with --token",
  AssetDisabled: "governance takes no more of this asset: deposit another",
  CapExceeded: "the vault is full of this asset: deposit less or another",
  OrderExpired: "sign the order again with a later --expires",
  OrderDead: "the order was cancelled: sign a new one",
  NonceUsed: "all orders below that nonce were cancelled: sign with a higher --nonce",
  Overfill: "fill less: the rest was filled before",
  BadOrderSignature: "the file was changed after it was signed: sign it again",
  SignerNotAllowed: "the signer neither owns nor operates the account",
  SidesDoNotMatch: "one order has to buy and the other to sell",
  PricesDoNotCross: "the buyer's limit is below the seller's",
  WrongCounterparty: "the order was signed for another account",
  InstrumentMismatch: "both orders have to name one instrument",
  InstrumentNotListed: "governance's lister has to list it first",
  InstrumentExpired: "settle it: ballast settle --once",
  NotBidder: "bid from an account that your key owns or operates (--bidder)",
  ParamsChanged: "other parameters came into force meanwhile: propose again",
  ParameterOutOfBounds: "choose a value within the bounds named above",
  GovernorInsufficientProposerVotes: "proposing needs votes: delegate tokens to this key first",
  ERC20InsufficientBalance: "the key holds too few tokens",
  NotAllowed: "governance has to let this operator stand first (setCandidate); ask it with this address",
  AlreadyMember: "change keys, endpoint or payee with: ballast keeper rotate",
  NotMember: "join first: ballast keeper join",
  NoStakeLeft: "the stake was slashed whole: this operator is out for good",
  StakeTooSmall: "stake at least the second number (units of the token)",
  ReportKeyTaken: "a key serves one operator ever: make another with ballast keys new",
  NetworkKeyTaken: "make another network key with ballast keys new --kind network",
  EndpointTaken: "name an endpoint of your own with --endpoint",
  NoProofOfPossession: "the report key under `keys` in the configuration has to be the one that joins",
  AlreadyLeaving: "wait until the time named above, then: ballast keeper withdraw",
  NotLeaving: "ask to leave first: ballast keeper leave",
  StillBound:
    "wait until the first time named above (Unix seconds); ballast keeper activate ends duty where the key still counts",
  NotEnoughKeepers: "wait until enough members qualify: stake, time and governance's leave",
  NothingToActivate: "nothing is to be done: the chosen set is in force already",
  OverlapNotOver:
    "wait until the first time named above (Unix seconds): two configurations count at once, never three",
  NothingOwed: "nothing was credited since the last payment: ballast keeper rewards shows what there is",
  NotLastReport: "a newer report was accepted meanwhile: try again",
  NobodyToCredit: "all signers of this report are credited already",
  AcceptedInOverlap: "two configurations counted when the last report came: wait for the next one",
  AcceptedUnderOtherTariff: "the tariff changed since the last report came: wait for the next one",
  NotInGoodStanding: "make up the least stake first: ballast keeper add-stake; then ask again",
  Expelled: "the stake was slashed whole: this operator is out for good",
};

const NO_ADVICE = "run the command with --help to see what it expects";
const UNKNOWN = "nothing is known of this failure: report it with the text above and what was asked for";

/** What the operating system's refusals mean for a file. */
const SYSTEM_ADVICE: Readonly<Record<string, string>> = {
  EACCES: "give this user the right to it (chown, chmod)",
  EISDIR: "name a file, not a folder",
  EMFILE: "raise the number of files that a process may open (ulimit -n, LimitNOFILE)",
  ENOENT: "check the path",
  ENOSPC: "the disk is full: make room",
  EROFS: "choose a folder that is not read-only",
};

/** Turns whatever was thrown into words and advice; never shows a stack. */
export function explain(error: unknown): Failure {
  if (isAdvised(error)) {
    const { code, message, advice } = error;
    return { code, message, advice };
  }
  if (error instanceof ChainRefusal) return explainRefusal(error);
  if (error instanceof ChainUnavailable) {
    const { code, message } = error;
    return { code, message, advice: "check that the nodes run and serve the deployment's chain (rpcUrls)" };
  }
  if (error instanceof NodesDisagree) {
    const { code, message } = error;
    return {
      code,
      message,
      advice: "compare the nodes' blocks, and name three or more of different operators",
    };
  }
  if (error instanceof AccountCannotPay) {
    const { code, message } = error;
    return { code, message, advice: "send ETH to the account that pays" };
  }
  if (isError(error, "NETWORK_ERROR") || isError(error, "SERVER_ERROR") || isError(error, "TIMEOUT")) {
    return {
      code: "no-node",
      message: `the node does not answer: ${error.shortMessage}`,
      advice: "start the node, or name another with --rpc-url",
    };
  }
  if (error instanceof VenueError) {
    const { code, message } = error;
    return { code, message, advice: "try again later, or name a mirror of the venue in marketData.origins" };
  }
  const message = error instanceof Error ? error.message : String(error);
  const system = error instanceof Error && "code" in error ? SYSTEM_ADVICE[String(error.code)] : undefined;
  return { code: "failed", message, advice: system ?? UNKNOWN };
}

/** Errors that say themselves what to do. */
function isAdvised(
  error: unknown,
): error is CommandError | ConfigError | KeystoreError | ChainDisagrees | StoreRefused | HistoryRefused {
  return [CommandError, ConfigError, KeystoreError, ChainDisagrees, StoreRefused, HistoryRefused].some(
    (kind) => error instanceof kind,
  );
}

function explainRefusal({ message, reason }: ChainRefusal): Failure {
  const name = /^[A-Za-z0-9]+/.exec(reason)?.[0] ?? "";
  if (/insufficient funds|doesn't have enough funds/i.test(reason)) {
    return { code: "chain-refusal", message, advice: "the key's address cannot pay for gas: send it some" };
  }
  return { code: "chain-refusal", message, advice: ADVICE[name] ?? NO_ADVICE };
}
