import type { RoundId } from "../../core/protocol/round-id.ts";
import type { KeeperPeek } from "../../ports/keeper-peek.ts";
import { readEquivocations } from "../equivocation-text.ts";
import { createWireCodec } from "../wire/codec.ts";
import { MAX_MESSAGE_BYTES } from "../wire/wire-bounds.ts";

const TIMEOUT_MS = 5_000;
const OK = 200;
const NOT_FOUND = 404;

/** Asks a keeper over HTTP, by the address of its status page. No answer is read further than its bound, or waited for longer than some seconds. */
export function createKeeperPeek(url: string): KeeperPeek {
  const base = url.replace(/\/+$/, "");
  return {
    name: base,
    proposal: async (configDigest, { epoch, round }: RoundId) => {
      const answer = await ask(
        `${base}/observations/${configDigest}/${epoch.toString()}/${round.toString()}`,
      );
      if (answer === null) return null;
      const message = createWireCodec(() => [configDigest]).decode(answer);
      if (message.kind !== "proposal") throw new Error(`${base} answers with a ${message.kind}`);
      return message;
    },
    evidence: async () => {
      const answer = await ask(`${base}/evidence.json`);
      return answer === null ? [] : readEquivocations(new TextDecoder().decode(answer));
    },
  };
}

/** The answer's bytes; null when there is no such thing. */
async function ask(url: string): Promise<Uint8Array | null> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
  if (response.status === NOT_FOUND) return null;
  if (response.status !== OK) throw new Error(`${url} answers with status ${response.status}`);
  return readBounded(response);
}

async function readBounded({ body }: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (body === null) return new Uint8Array();
  for await (const chunk of body) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > MAX_MESSAGE_BYTES) throw new Error(`an answer is larger than ${MAX_MESSAGE_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
