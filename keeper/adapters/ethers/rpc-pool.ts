import type { Hex } from "../../ports/hex.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Timer } from "../../ports/timer.ts";
import { ChainUnavailable } from "../../ports/transaction-sender.ts";
import {
  createRpcEndpoint,
  MAX_ANSWER_BYTES,
  EndpointFailure,
  type RpcAnswer,
  type RpcEndpoint,
} from "./rpc-endpoint.ts";
import { type AsideReason, judgeHashes, judgeViews, type NodeView, votesNeeded } from "./rpc-judgement.ts";
import { parseHeader, parseHeaderOrNull, parseQuantity, toQuantity } from "./rpc-schema.ts";

/** When nodes are checked and what is held against them. */
export interface RpcPoolPolicy {
  /** A node that takes longer has failed, ms. */
  readonly timeoutMs: number;
  /** Least time between two checks of all nodes, ms. */
  readonly checkEveryMs: number;
  /** Blocks that a node may be away from the others' height. */
  readonly maxLagBlocks: bigint;
  /** Depth below the lowest head at which block hashes are compared: nodes may differ for a while about the newest. */
  readonly agreementDepth: bigint;
  /** How long a node that held other blocks than most is not used, ms. */
  readonly distrustMs: number;
  /** How long the rest is waited for once enough nodes have answered, ms. */
  readonly graceMs: number;
  /** A longer answer is not read to its end. */
  readonly maxAnswerBytes: number;
}

export const DEFAULT_RPC_POOL_POLICY: RpcPoolPolicy = {
  timeoutMs: 5_000,
  checkEveryMs: 10_000,
  maxLagBlocks: 5n,
  agreementDepth: 2n,
  distrustMs: 600_000,
  graceMs: 150,
  maxAnswerBytes: MAX_ANSWER_BYTES,
};

/** What one node answers. */
export interface NodeAnswer<T> {
  readonly node: string;
  readonly answer: RpcAnswer<T>;
}

/** A question to all nodes. */
interface Question<T> {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly parse: (result: unknown) => T;
  /** Whether the answers so far are enough; by default all are waited for, as long as the policy says. */
  readonly isEnough?: (answers: readonly NodeAnswer<T>[], missing: number) => boolean;
  /** Called with each answer that comes after that. */
  readonly onLate?: (answer: NodeAnswer<T>) => void;
}

/** Several nodes of one chain, all of which are asked. What their answers come to is the asker's to judge (rpc-agreement.ts). */
export interface RpcPool {
  readonly chainId: bigint;
  /** How many nodes were named, in use or not. */
  readonly named: number;
  /** Blocks that a node may be away from the others' height. */
  readonly maxLagBlocks: bigint;
  /**
   * Asks every usable node at once; those that fail are left out and set aside, and slow ones are not waited for once enough have answered.
   * @throws ChainUnavailable when no node answers
   */
  ask<T>(question: Question<T>): Promise<readonly NodeAnswer<T>[]>;
  /** Tells of a node that says something else than most, a line for each node at most every so often. */
  noteDissent(node: string, method: string): void;
  /** Checks all nodes now. @throws ChainUnavailable when none is usable */
  check(): Promise<void>;
  /** Every node by name, with the reason why it is not used, or null. */
  status(): ReadonlyMap<string, AsideReason | null>;
  /** The same in words, with what the node did last where that is known. */
  problems(): ReadonlyMap<string, string | null>;
}

/** Why nothing more is waited for: without a reason each question would make an error, with its stack, that nobody reads. */
const OVER = Symbol("enough nodes have answered");

/** A node and what is held against it. */
interface Member {
  readonly endpoint: RpcEndpoint;
  aside: AsideReason | null;
  /** What went wrong with it; null where the reason says all. */
  detail: string | null;
  asideAtMs: number;
}

/**
 * Opens a pool and checks every node: its chain id, its height, its blocks.
 * @throws ChainUnavailable when no node of that chain answers
 */
export async function openRpcPool(...parts: Parameters<typeof createRpcPool>): Promise<RpcPool> {
  const pool = createRpcPool(...parts);
  await pool.check();
  return pool;
}

/** A pool whose nodes have not been checked yet. */
export function createRpcPool(
  urls: readonly string[],
  chainId: bigint,
  timer: Timer,
  telemetry: Telemetry,
  policy: RpcPoolPolicy = DEFAULT_RPC_POOL_POLICY,
): RpcPool {
  const members = urls.map((url): Member => ({
    endpoint: createRpcEndpoint(url, policy.timeoutMs, policy.maxAnswerBytes),
    aside: null,
    detail: null,
    asideAtMs: 0,
  }));
  if (new Set(members.map(({ endpoint }) => endpoint.name)).size !== members.length)
    throw new RangeError("two of the nodes have the same host and port: name each node once");
  return new EndpointPool(members, chainId, timer, telemetry, policy);
}

class EndpointPool implements RpcPool {
  readonly chainId: bigint;
  readonly named: number;
  readonly maxLagBlocks: bigint;
  readonly #members: readonly Member[];
  readonly #timer: Timer;
  readonly #telemetry: Telemetry;
  readonly #policy: RpcPoolPolicy;
  #checkedAtMs = 0;
  #checking: Promise<void> | null = null;
  readonly #dissentToldAtMs = new Map<string, number>();

  constructor(
    members: readonly Member[],
    chainId: bigint,
    timer: Timer,
    telemetry: Telemetry,
    policy: RpcPoolPolicy,
  ) {
    this.#members = members;
    this.chainId = chainId;
    this.named = members.length;
    this.maxLagBlocks = policy.maxLagBlocks;
    this.#timer = timer;
    this.#telemetry = telemetry;
    this.#policy = policy;
  }

  status(): ReadonlyMap<string, AsideReason | null> {
    return new Map(this.#members.map(({ endpoint, aside }) => [endpoint.name, aside]));
  }

  problems(): ReadonlyMap<string, string | null> {
    return new Map(this.#members.map((member) => [member.endpoint.name, problemOf(member)]));
  }

  async ask<T>(question: Question<T>): Promise<readonly NodeAnswer<T>[]> {
    this.#checkInBackground();
    const answers = await this.#askUsable(question);
    if (answers.length >= votesNeeded(this.named, answers.length)) return answers;
    // Too many are set aside: perhaps one has come back.
    await this.check();
    const second = await this.#askUsable(question);
    if (second.length === 0) throw new ChainUnavailable(`${question.method}: ${this.#describe()}`);
    return second;
  }

  noteDissent(node: string, method: string): void {
    const nowMs = this.#timer.nowMs();
    const toldAtMs = this.#dissentToldAtMs.get(node);
    if (toldAtMs !== undefined && nowMs - toldAtMs < this.#policy.checkEveryMs) return;
    this.#dissentToldAtMs.set(node, nowMs);
    this.#telemetry.warn("rpc-node-dissents", { node, method });
  }

  check(): Promise<void> {
    this.#checking ??= this.#checkAll().finally(() => {
      this.#checking = null;
      this.#checkedAtMs = this.#timer.nowMs();
    });
    return this.#checking;
  }

  #checkInBackground(): void {
    if (this.#checking !== null || this.#timer.nowMs() - this.#checkedAtMs < this.#policy.checkEveryMs)
      return;
    this.check().catch((error: unknown) => {
      this.#telemetry.error("rpc-check-failed", { reason: String(error) });
    });
  }

  async #checkAll(): Promise<void> {
    const views = new Map<Member, NodeView>();
    await Promise.all(
      this.#members.map(async (member) => {
        const view = await this.#view(member);
        if (view !== null) views.set(member, view);
      }),
    );
    const verdicts = judgeViews([...views.values()], this.chainId, this.#policy.maxLagBlocks);
    for (const [member, { name }] of views) {
      const verdict = verdicts.get(name);
      if (verdict === undefined) this.#reinstate(member);
      else if (member.aside !== "other-blocks") this.#setAside(member, verdict);
    }
    const usable = this.#usable();
    if (usable.length === 0) throw new ChainUnavailable(this.#describe());
    if (usable.length === 1) return;
    const heads = usable.map((member) => views.get(member)?.headNumber ?? 0n);
    const lowest = heads.reduce((a, b) => (a < b ? a : b));
    const { agreementDepth } = this.#policy;
    await this.#compareBlocks(lowest > agreementDepth ? lowest - agreementDepth : 0n);
  }

  /** Whoever holds another block than most is set aside. */
  async #compareBlocks(blockNumber: bigint): Promise<void> {
    const hashes = await this.#hashesAt(blockNumber, this.#usable());
    const { agreed, dissenters } = judgeHashes(hashes);
    if (agreed === null && [...hashes.values()].some((hash) => hash !== null))
      this.#telemetry.error("rpc-nodes-disagree", { blockNumber, nodes: [...hashes.keys()].join(" ") });
    for (const member of this.#members)
      if (dissenters.includes(member.endpoint.name)) this.#setAside(member, "other-blocks");
  }

  async #view(member: Member): Promise<NodeView | null> {
    const [chainId, head] = await Promise.all([
      this.#call(member, "eth_chainId", [], parseQuantity),
      this.#call(member, "eth_getBlockByNumber", ["latest", false], parseHeader),
    ]);
    if (chainId?.kind !== "result" || head?.kind !== "result") {
      this.#setAside(member, "no-answer");
      return null;
    }
    return { name: member.endpoint.name, chainId: chainId.value, headNumber: head.value.number };
  }

  async #hashesAt(blockNumber: bigint, members: readonly Member[]): Promise<ReadonlyMap<string, Hex | null>> {
    const hashes = new Map<string, Hex | null>();
    await Promise.all(
      members.map(async (member) => {
        const params = [toQuantity(blockNumber), false];
        const answer = await this.#call(member, "eth_getBlockByNumber", params, parseHeaderOrNull);
        hashes.set(member.endpoint.name, answer?.kind === "result" ? (answer.value?.hash ?? null) : null);
      }),
    );
    return hashes;
  }

  /** Resolves with the answers that are there when all are, when they are enough, or when the grace for the rest is over. */
  #askUsable<T>({ method, params, parse, isEnough, onLate }: Question<T>): Promise<readonly NodeAnswer<T>[]> {
    const calls = this.#usable().map(async (member): Promise<NodeAnswer<T> | null> => {
      const answer = await this.#call(member, method, params, parse);
      return answer === null ? null : { node: member.endpoint.name, answer };
    });
    const answers: NodeAnswer<T>[] = [];
    const over = new AbortController();
    let missing = calls.length;
    let isGraceBegun = false;
    return new Promise((resolve, reject) => {
      const end = () => {
        over.abort(OVER);
        resolve([...answers]);
      };
      const take = (answer: NodeAnswer<T> | null) => {
        missing -= 1;
        if (answer !== null) {
          if (over.signal.aborted) onLate?.(answer);
          answers.push(answer);
        }
        if (missing === 0 || isEnough?.(answers, missing) === true) end();
        else if (!isGraceBegun && answers.length >= votesNeeded(this.named, answers.length + missing)) {
          isGraceBegun = true;
          this.#timer.sleep(this.#policy.graceMs, over.signal).then(end, () => undefined);
        }
      };
      if (missing === 0) end();
      for (const call of calls) call.then(take, reject);
    });
  }

  /** Null when the node fails; it is set aside then. */
  async #call<T>(
    member: Member,
    method: string,
    params: readonly unknown[],
    parse: (result: unknown) => T,
  ): Promise<RpcAnswer<T> | null> {
    try {
      return await member.endpoint.call(method, params, parse);
    } catch (error) {
      if (!(error instanceof EndpointFailure)) throw error;
      this.#setAside(member, "no-answer", error.message);
      return null;
    }
  }

  #usable(): readonly Member[] {
    return this.#members.filter(({ aside }) => aside === null);
  }

  #setAside(member: Member, reason: AsideReason, detail: string | null = null): void {
    if (member.aside === reason) return;
    member.aside = reason;
    member.detail = detail;
    member.asideAtMs = this.#timer.nowMs();
    this.#telemetry.error("rpc-set-aside", { node: member.endpoint.name, reason, detail });
  }

  #reinstate(member: Member): void {
    if (member.aside === null) return;
    const { distrustMs } = this.#policy;
    if (member.aside === "other-blocks" && this.#timer.nowMs() - member.asideAtMs < distrustMs) return;
    member.aside = null;
    member.detail = null;
    this.#telemetry.info("rpc-back", { node: member.endpoint.name });
  }

  #describe(): string {
    return this.#members
      .map((member) => `${member.endpoint.name} (${problemOf(member) ?? "usable"})`)
      .join(", ");
  }
}

function problemOf({ aside, detail }: Member): string | null {
  return aside === null || detail === null ? aside : `${aside}: ${detail}`;
}
