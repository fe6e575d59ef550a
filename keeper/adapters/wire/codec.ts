import { getAddress } from "ethers";
import type { Observation } from "../../core/report/aggregate.ts";
import { packMarketWord, packSmileWord } from "../../core/report/words.ts";
import type { GossipMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import { canonicalJson, type Canonical } from "./canonical-json.ts";
import { messageSchema } from "./message-schemas.ts";
import { MAX_MESSAGE_BYTES } from "./wire-bounds.ts";
import { WireError } from "./wire-error.ts";

/** The version of the messages; peers of another version do not understand each other. */
const WIRE_VERSION = 2;
const WIRE_DOMAIN = "ballast-keeper";

/** Messages to bytes and back: canonical JSON in an envelope of version, domain and config digest. */
export interface WireCodec {
  /** @throws CoreError when an observation does not fit its word, WireError `too-large` */
  encode(message: GossipMessage): Uint8Array;
  /** @throws WireError, and nothing else, for bytes that are no message of this network */
  decode(bytes: Uint8Array): GossipMessage;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const text = new TextEncoder();

/**
 * @param configDigests those whose messages count: the keeper's own first, during a rotation also the other one; read for each message
 */
export function createWireCodec(configDigests: () => readonly Hex[]): WireCodec {
  const own = (): Hex => {
    const [first] = configDigests();
    if (first === undefined) throw new WireError("wrong-digest", "configDigest", undefined, "at least one");
    return first;
  };
  return {
    encode: (message) => {
      const bytes = text.encode(writeMessage(message, own()));
      requireSize(bytes);
      return bytes;
    },
    decode: (bytes) => {
      requireSize(bytes);
      const json = decodeText(bytes);
      const { configDigest, fields } = openEnvelope(parseObject(json));
      const digest = configDigests().find((known) => known.toLowerCase() === configDigest);
      if (digest === undefined)
        throw new WireError("wrong-digest", "configDigest", configDigest, configDigests().join(" or "));
      const message = readMessage(fields);
      if (writeMessage(message, digest) !== json)
        throw new WireError(
          "not-canonical",
          "message",
          json,
          "names in rising order, each once, no white space",
        );
      return message;
    },
  };
}

function requireSize({ length }: Uint8Array): void {
  if (length > MAX_MESSAGE_BYTES)
    throw new WireError("too-large", "message", length, `${MAX_MESSAGE_BYTES.toString()} bytes`);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new WireError("not-utf8", "message", bytes.length, "UTF-8", { cause });
  }
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new WireError("not-json", "message", json, "a JSON object", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new WireError("not-json", "message", value, "a JSON object");
  return { ...value };
}

function openEnvelope(envelope: Readonly<Record<string, unknown>>) {
  const { version, domain, configDigest, message, ...others } = envelope;
  if (version !== WIRE_VERSION)
    throw new WireError("wrong-version", "version", version, WIRE_VERSION.toString());
  if (domain !== WIRE_DOMAIN) throw new WireError("wrong-domain", "domain", domain, WIRE_DOMAIN);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new WireError("wrong-shape", unknown, others[unknown], "no such field");
  return { configDigest, fields: message };
}

function readMessage(fields: unknown): GossipMessage {
  const result = messageSchema.safeParse(fields);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  throw new WireError(
    "wrong-shape",
    path.length === 0 ? "message" : path.map(String).join("."),
    valueAt(fields, path),
    issue?.message ?? "a message",
  );
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function writeMessage(message: GossipMessage, configDigest: Hex): string {
  return canonicalJson({
    version: WIRE_VERSION,
    domain: WIRE_DOMAIN,
    configDigest: configDigest.toLowerCase(),
    message: fieldsOf(message),
  });
}

function fieldsOf(message: GossipMessage): Canonical {
  switch (message.kind) {
    case "observation":
      return { ...message, observation: observationFields(message.observation) };
    case "proposal":
      return {
        ...message,
        observations: message.observations.map(({ from, observation, signature }) => ({
          from: getAddress(from.toLowerCase()),
          observation: observationFields(observation),
          signature,
        })),
      };
    case "final":
      return { ...message, report: { ...message.report } };
    case "wish":
      return { ...message, newest: { ...message.newest } };
    case "catch-up":
      return { ...message, after: { ...message.after } };
    case "signature":
      return { ...message, head: { ...message.head } };
    case "observe":
    case "scenario-proposal":
    case "scenario-signature":
    case "scenario-final":
      return { ...message };
  }
}

function observationFields({ pegBps, accountRoot, markets }: Observation): Canonical {
  return {
    pegBps,
    accountRoot,
    markets: markets.map(({ market, smiles }) => ({
      market: packMarketWord(market),
      smiles: smiles.map(packSmileWord),
    })),
  };
}
