import type { Hex } from "../../ports/hex.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Timer } from "../../ports/timer.ts";
import { ChainUnavailable } from "../../ports/transaction-sender.ts";
import {
  createRpcEndpoint,
  EndpointFailure,
  type RpcAnswer,
  type RpcEndpoint,
  type RpcError,
} from "./rpc-endpoint.ts";
import { type AsideReason, judgeHashes, judgeViews, type NodeView } from "./rpc-judgement.ts";
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
}

export const DEFAULT_RPC_POOL_POLICY: RpcPoolPolicy = {
  timeoutMs: 5_000,
  checkEveryMs: 10_000,
  maxLagBlocks: 5n,
  agreementDepth: 2n,
  distrustMs: 600_000,
};

/** Several nodes of one chain, asked one at a time in the order they were given; the next one steps in when one fails. */
export interface RpcPool {
  readonly chainId: bigint;
  /**
   * Asks the first usable node.
   * @throws ChainUnavailable when no node answers
   */
  request<T>(
    method: string,
    params: readonly unknown[],
    parse: (result: unknown) => T,
  ): Promise<RpcAnswer<T>>;
  /** Asks every usable node at once; those that fail are left out and set aside. */
  requestAll<T>(
    method: string,
    params: readonly unknown[],
    parse: (result: unknown) => T,
  ): Promise<readonly RpcAnswer<T>[]>;
  /** Checks all nodes now. @throws ChainUnavailable when none is usable */
  check(): Promise<void>;
  /** Every node by name, with the reason why it is not used, or null. */
  status(): ReadonlyMap<string, AsideReason | null>;
}

/** A node and what is held against it. */
interface Member {
  readonly endpoint: RpcEndpoint;
  aside: AsideReason | null;
  asideAtMs: number;
}

/** Answers that say that the node is in trouble, not the request: another node may do better. */
const TROUBLE_CODES: ReadonlySet<number> = new Set([-32_005, -32_002, -32_603]);

/**
 * Opens a pool and checks every node: its chain id, its height, its blocks.
 * @throws ChainUnavailable when no node of that chain answers
 */
export async function openRpcPool(
  urls: readonly string[],
  chainId: bigint,
  timer: Timer,
  telemetry: Telemetry,
  policy: RpcPoolPolicy = DEFAULT_RPC_POOL_POLICY,
): Promise<RpcPool> {
  const members = urls.map((url): Member => ({
    endpoint: createRpcEndpoint(url, policy.timeoutMs),
    aside: null,
    asideAtMs: 0,
  }));
  if (new Set(members.map(({ endpoint }) => endpoint.name)).size !== members.length)
    throw new RangeError("two of the nodes have the same host and port: name each node once");
  const pool = new EndpointPool(members, chainId, timer, telemetry, policy);
  await pool.check();
  return pool;
}

class EndpointPool implements RpcPool {
  readonly chainId: bigint;
  readonly #members: readonly Member[];
  readonly #timer: Timer;
  readonly #telemetry: Telemetry;
  readonly #policy: RpcPoolPolicy;
  #checkedAtMs = 0;
  #checking: Promise<void> | null = null;
  #lastUsed: Member | null = null;

  constructor(
    members: readonly Member[],
    chainId: bigint,
    timer: Timer,
    telemetry: Telemetry,
    policy: RpcPoolPolicy,
  ) {
    this.#members = members;
    this.chainId = chainId;
    this.#timer = timer;
    this.#telemetry = telemetry;
    this.#policy = policy;
  }

  status(): ReadonlyMap<string, AsideReason | null> {
    return new Map(this.#members.map(({ endpoint, aside }) => [endpoint.name, aside]));
  }

  async request<T>(
    method: string,
    params: readonly unknown[],
    parse: (result: unknown) => T,
  ): Promise<RpcAnswer<T>> {
    this.#checkInBackground();
    const answer = await this.#ask(method, params, parse);
    if (answer !== null) return answer;
    // All are set aside: perhaps one has come back.
    await this.check();
    const second = await this.#ask(method, params, parse);
    if (second === null) throw new ChainUnavailable(`${method}: ${this.#describe()}`);
    return second;
  }

  async requestAll<T>(
    method: string,
    params: readonly unknown[],
    parse: (result: unknown) => T,
  ): Promise<readonly RpcAnswer<T>[]> {
    const answers = await Promise.all(
      this.#usable().map((member) => this.#call(member, method, params, parse)),
    );
    const given = answers.filter((answer) => answer !== null);
    return given.length > 0 ? given : [await this.request(method, params, parse)];
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
    if (this.#members.length === 1) return;
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

  /** The first usable node's answer; null when all fail. A node that steps in shows its chain id first. */
  async #ask<T>(
    method: string,
    params: readonly unknown[],
    parse: (result: unknown) => T,
  ): Promise<RpcAnswer<T> | null> {
    let trouble: RpcAnswer<T> | null = null;
    for (const member of this.#usable()) {
      if (this.#lastUsed !== member && !(await this.#stepsIn(member))) continue;
      const answer = await this.#call(member, method, params, parse);
      if (answer === null) continue;
      if (answer.kind === "result" || !isTrouble(answer.error)) return answer;
      trouble ??= answer;
    }
    return trouble;
  }

  async #stepsIn(member: Member): Promise<boolean> {
    const chainId = await this.#call(member, "eth_chainId", [], parseQuantity);
    if (chainId?.kind !== "result") return false;
    if (chainId.value !== this.chainId) {
      this.#setAside(member, "wrong-chain");
      return false;
    }
    if (this.#lastUsed !== null) this.#telemetry.warn("rpc-failed-over", { node: member.endpoint.name });
    this.#lastUsed = member;
    return true;
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
    member.asideAtMs = this.#timer.nowMs();
    this.#telemetry.error("rpc-set-aside", { node: member.endpoint.name, reason, detail });
  }

  #reinstate(member: Member): void {
    if (member.aside === null) return;
    const { distrustMs } = this.#policy;
    if (member.aside === "other-blocks" && this.#timer.nowMs() - member.asideAtMs < distrustMs) return;
    member.aside = null;
    this.#telemetry.info("rpc-back", { node: member.endpoint.name });
  }

  #describe(): string {
    return this.#members.map(({ endpoint, aside }) => `${endpoint.name} (${aside ?? "usable"})`).join(", ");
  }
}

function isTrouble({ code, data }: RpcError): boolean {
  return TROUBLE_CODES.has(code) && (data === undefined || data === null);
}
