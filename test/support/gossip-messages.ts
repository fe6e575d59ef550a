// Random messages of every kind, as a keeper could send them.
import fc from "fast-check";
import { getAddress } from "ethers";
import { unpackMarketWord, unpackSmileWord } from "../../keeper/core/report/words.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { GossipMessage } from "../../keeper/ports/gossip.ts";

const UINT16 = 2 ** 16 - 1;
const UINT32 = 2 ** 32 - 1;
const UINT40 = 2 ** 40 - 1;
const RESERVED_BITS_AT = 184n;
const RESERVED_MASK = ~(0xffn << RESERVED_BITS_AT);

const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
const hexOf = (bytes: Uint8Array): Hex => asHex(`0x${Buffer.from(bytes).toString("hex")}`);
const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(hexOf);
const address = hex(20).map((text) => asHex(getAddress(text)));
const hash = hex(32);
const seconds = fc.integer({ min: 0, max: UINT40 });
const roundId = { epoch: uint(64), round: fc.integer({ min: 0, max: UINT32 }) };
const observation = fc.record({
  pegBps: fc.integer({ min: 0, max: UINT16 }),
  accountRoot: hash,
  markets: fc.array(
    fc.record({
      market: uint(256).map((word) => unpackMarketWord(word & RESERVED_MASK)),
      smiles: fc.array(uint(256).map(unpackSmileWord), { maxLength: 16 }),
    }),
    { maxLength: 8 },
  ),
});
const networkSignature = hex(64);
const reportSignature = hex(65);
const signatures = fc.array(reportSignature, { maxLength: 31 });
const scenarioData = fc.uint8Array({ maxLength: 2_000 }).map(hexOf);
const report = fc.record({
  configDigest: hash,
  ...roundId,
  observedAt: seconds,
  blockNumber: uint(64),
  blockHash: hash,
  pegBps: fc.integer({ min: 0, max: UINT16 }),
  accountRoot: hash,
  markets: fc.array(uint(256), { maxLength: 8 }),
  smiles: fc.array(uint(256), { maxLength: 128 }),
});

/** Every kind of message, every field over its whole range. */
export const gossipMessages: fc.Arbitrary<GossipMessage> = fc.oneof(
  fc.record({ kind: fc.constant("observe" as const), ...roundId, observedAtSeconds: seconds }),
  fc.record({
    kind: fc.constant("observation" as const),
    ...roundId,
    observedAtSeconds: seconds,
    observation,
    signature: networkSignature,
  }),
  fc.record({
    kind: fc.constant("proposal" as const),
    ...roundId,
    observedAtSeconds: seconds,
    blockNumber: uint(64),
    blockHash: hash,
    observations: fc.array(fc.record({ from: address, observation, signature: networkSignature }), {
      maxLength: 7,
    }),
  }),
  fc.record({
    kind: fc.constant("signature" as const),
    head: fc.record({
      configDigest: hash,
      ...roundId,
      observedAt: seconds,
      blockNumber: uint(64),
      blockHash: hash,
      payloadHash: hash,
    }),
    signature: reportSignature,
  }),
  fc.record({ kind: fc.constant("final" as const), report, signatures }),
  fc.record({ kind: fc.constant("wish" as const), epoch: uint(64), newest: fc.record(roundId) }),
  fc.record({ kind: fc.constant("catch-up" as const), after: fc.record(roundId) }),
  fc.record({ kind: fc.constant("scenario-proposal" as const), setId: uint(64), data: scenarioData }),
  fc.record({
    kind: fc.constant("scenario-signature" as const),
    setId: uint(64),
    dataHash: hash,
    signature: reportSignature,
  }),
  fc.record({
    kind: fc.constant("scenario-final" as const),
    setId: uint(64),
    data: scenarioData,
    configDigest: hash,
    signatures,
  }),
);
