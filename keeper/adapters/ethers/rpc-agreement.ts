import { ChainUnavailable, NodesDisagree } from "../../ports/transaction-sender.ts";
import { isAnswer, revertDataOf } from "./node-error.ts";
import type { RpcAnswer } from "./rpc-endpoint.ts";
import { agreedHeight, carried, votesNeeded } from "./rpc-judgement.ts";
import type { NodeAnswer, RpcPool } from "./rpc-pool.ts";
import { parseHeader, parseHeaderOrNull, type RpcHeader, toQuantity } from "./rpc-schema.ts";

/** Blocks below the height that nodes have reached at which they are asked once more, when they hold different ones there. */
const STEPS_BACK = 2n;

/** What is asked, and when two results are the same. */
interface AgreedQuestion<T> {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly parse: (result: unknown) => T;
  readonly keyOf: (result: T) => string;
}

/**
 * What enough nodes answer: a result, or an error that is about the question.
 * @throws NodesDisagree when they answer different things; ChainUnavailable when too few answer
 */
export async function agree<T>(
  pool: RpcPool,
  { method, params, parse, keyOf }: AgreedQuestion<T>,
): Promise<RpcAnswer<T>> {
  const keyOfAnswer = (answer: RpcAnswer<T>) => answerKey(answer, keyOf);
  const carriedOf = (answers: readonly NodeAnswer<T>[], missing: number) => {
    const votes = answers.map(({ answer }) => answer).filter(isVote);
    return carried(votes, keyOfAnswer, votesNeeded(pool.named, votes.length + missing));
  };
  const found: { key?: string } = {};
  const compare = ({ node, answer }: NodeAnswer<T>) => {
    // Who does not know a block yet contradicts nobody.
    const isKnown = answer.kind === "result" ? answer.value !== null : isVote(answer);
    if (found.key !== undefined && isKnown && keyOfAnswer(answer) !== found.key)
      pool.noteDissent(node, method);
  };
  const answers = await pool.ask({
    method,
    params,
    parse,
    isEnough: (soFar, missing) => carriedOf(soFar, missing) !== null,
    onLate: compare,
  });
  const agreed = carriedOf(answers, 0)?.[0];
  if (agreed === undefined) throw disunity(pool, method, answers);
  found.key = keyOfAnswer(agreed);
  answers.forEach(compare);
  return agreed;
}

/** Why there is nothing that enough nodes say. */
export function disunity<T>(
  pool: RpcPool,
  method: string,
  answers: readonly NodeAnswer<T>[],
): ChainUnavailable | NodesDisagree {
  const votes = answers.filter(({ answer }) => isVote(answer));
  if (votes.length >= votesNeeded(pool.named, votes.length) && votes.length > 0)
    return new NodesDisagree(`${method} of ${votes.map(({ node }) => node).join(", ")}`);
  const troubles = answers.flatMap(({ node, answer }) =>
    answer.kind === "error" && !isVote(answer)
      ? [`${node}: ${answer.error.message} (${answer.error.code})`]
      : [],
  );
  const few = `${votes.length.toString()} of ${pool.named.toString()} nodes can tell`;
  return new ChainUnavailable([`${method}: ${few}`, ...troubles].join("; "));
}

/** A limit, a missing block or method: the node does not take part. */
export function isVote<T>(answer: RpcAnswer<T>): boolean {
  return answer.kind === "result" || isAnswer(answer.error);
}

function answerKey<T>(answer: RpcAnswer<T>, keyOf: (result: T) => string): string {
  if (answer.kind === "result") return `result ${keyOf(answer.value)}`;
  const { message, data } = answer.error;
  // Programs word a revert differently; its data is the contract's.
  return `error ${revertDataOf(data) ?? (/revert/i.test(message) ? "revert" : message)}`;
}

/**
 * The highest block that enough nodes hold the same, so that a question about it has one answer: nodes that are a block or two behind, or
 * invent heights, do not move it.
 * @throws NodesDisagree when they hold different blocks down to some below; ChainUnavailable when too few answer
 */
export async function agreedHead(pool: RpcPool): Promise<RpcHeader> {
  const method = "eth_getBlockByNumber";
  const answers = await pool.ask({
    method,
    params: ["latest", false],
    parse: parseHeader,
    isEnough: (soFar, missing) => agreedHeight(heightsOf(soFar), pool.named, missing)?.isCertain === true,
  });
  const height = agreedHeight(heightsOf(answers), pool.named, 0)?.number;
  if (height === undefined) throw disunity(pool, method, answers);
  // Of two, one that is far behind would make the keeper read the past; of more it is outvoted.
  if (pool.named === 2 && heightsOf(answers).some((each) => each > height + pool.maxLagBlocks))
    throw new NodesDisagree("the height of the chain");
  const shown = answers.flatMap(({ answer }) =>
    answer.kind === "result" && answer.value.number === height ? [answer.value] : [],
  );
  const same = carried(shown, headerKey, votesNeeded(pool.named, answers.length));
  if (same !== null) return same[0];
  for (const number of heightsBelow(height, heightsOf(answers), pool.maxLagBlocks)) {
    const block = await blockOrNone(pool, number);
    if (block !== null) return block;
  }
  throw new NodesDisagree(`their blocks from ${height.toString()} down`);
}

const heightsOf = (answers: readonly NodeAnswer<RpcHeader>[]): readonly bigint[] =>
  answers.flatMap(({ answer }) => (answer.kind === "result" ? [answer.value.number] : []));

/** The height, the nodes' own heights below it, and a few more blocks, in falling order; none further down than a node may lag. */
function heightsBelow(height: bigint, heights: readonly bigint[], maxLag: bigint): readonly bigint[] {
  const within = heights.filter((each) => each <= height && each + maxLag >= height);
  const lowest = within.reduce((a, b) => (a < b ? a : b), height);
  const further = Array.from({ length: Number(STEPS_BACK) }, (_, step) => lowest - BigInt(step) - 1n);
  const all = [height, ...within, ...further].filter((each) => each >= 0n);
  return [...new Set(all)].sort((a, b) => (a > b ? -1 : 1));
}

async function blockOrNone(pool: RpcPool, number: bigint): Promise<RpcHeader | null> {
  try {
    const answer = await agree(pool, {
      method: "eth_getBlockByNumber",
      params: [toQuantity(number), false],
      parse: parseHeaderOrNull,
      keyOf: (header) => (header === null ? "none" : headerKey(header)),
    });
    return answer.kind === "result" ? answer.value : null;
  } catch (error) {
    if (error instanceof NodesDisagree) return null;
    throw error;
  }
}

/** All of a header that anybody reads. */
function headerKey({ number, hash, timestamp, baseFeePerGas }: RpcHeader): string {
  return [number, hash, timestamp, baseFeePerGas ?? null].map(String).join(" ");
}
