import type { Hex } from "./hex.ts";

/** An effect that somebody wants on the chain. */
export interface TransactionRequest {
  /** Names the effect: two requests with the same id are one effect, also across restarts. */
  readonly id: string;
  readonly to: Hex;
  readonly data: Hex;
  /**
   * Selectors (4 bytes) of the contract errors that say that the effect, or a newer one, is there already: such a refusal is success.
   */
  readonly doneErrors: readonly Hex[];
}

/** A log entry of a mined transaction. */
export interface TransactionEvent {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** How an effect came to be on the chain. */
export type SentTransaction =
  | {
      readonly kind: "mined";
      readonly hash: Hex;
      readonly blockNumber: bigint;
      readonly gasUsed: bigint;
      readonly events: readonly TransactionEvent[];
    }
  /** Somebody else was faster: nothing of ours was needed. */
  | { readonly kind: "already-done" };

/** The one way to send: simulated first, one in flight, resumed after a crash. */
export interface TransactionSender {
  /**
   * Resolves once the effect is on the chain, as deep as the sender was told to wait.
   * @throws TransactionRefused when the contract says no
   * @throws TransactionSuperseded when another transaction took the nonce
   * @throws ChainUnavailable, NodesDisagree or AccountCannotPay when that is so before anything was sent
   */
  send(request: TransactionRequest): Promise<SentTransaction>;
}

/** The contract refuses the effect, in simulation or when mined. */
export class TransactionRefused extends Error {
  readonly code = "transaction-refused";
  /** What the contract reverted with: selector and arguments; null when the node did not say. */
  readonly revertData: Hex | null;

  constructor(id: string, reason: string, revertData: Hex | null, options?: ErrorOptions) {
    super(`${id} was refused: ${reason}`, options);
    this.name = "TransactionRefused";
    this.revertData = revertData;
  }
}

/** A transaction from outside took the nonce: this effect is not on the chain and never will be by what was sent. */
export class TransactionSuperseded extends Error {
  readonly code = "transaction-superseded";

  constructor(id: string, nonce: number) {
    super(
      `${id} did not happen: nonce ${nonce.toString()} went to another transaction; let nothing else send from this account`,
    );
    this.name = "TransactionSuperseded";
  }
}

/** No node gave a usable answer. */
export class ChainUnavailable extends Error {
  readonly code = "chain-unavailable";

  constructor(reason: string, options?: ErrorOptions) {
    super(`no node answers: ${reason}`, options);
    this.name = "ChainUnavailable";
  }
}

/** Nodes answer, and too few of them the same: they are not equally far, or one lies. */
export class NodesDisagree extends Error {
  readonly code = "nodes-disagree";

  constructor(question: string, options?: ErrorOptions) {
    super(
      `the nodes do not agree about ${question}: wait until all are equally far, or find who is wrong with \`keeper doctor\``,
      options,
    );
    this.name = "NodesDisagree";
  }
}

/** The account has too little for the gas of a transaction. */
export class AccountCannotPay extends Error {
  readonly code = "account-cannot-pay";

  constructor(account: string, reason: string, options?: ErrorOptions) {
    super(`${account} cannot pay for gas: ${reason}; send it ETH`, options);
    this.name = "AccountCannotPay";
  }
}
