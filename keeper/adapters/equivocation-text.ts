import { z } from "zod";
import type { Equivocation } from "../ports/prosecutor.ts";
import type { SignedHead } from "../ports/watch-chain.ts";
import { bigintText, hexText, writeText } from "./text-fields.ts";

const signedHead = z.strictObject({
  head: z.strictObject({
    configDigest: hexText,
    epoch: bigintText,
    round: z.int().min(0),
    observedAt: z.int().min(0),
    blockNumber: bigintText,
    blockHash: hexText,
    payloadHash: hexText,
  }),
  hash: hexText,
  signature: hexText,
  signer: hexText,
});

const equivocationSchema = z.strictObject({ signer: hexText, first: signedHead, second: signedHead });

/** A proof as stores keep it: JSON with bigints as decimal texts. */
export const writeEquivocation = (found: Equivocation): string => writeText(found);
/** @throws ZodError when the text is no proof */
export const readEquivocation = (text: string): Equivocation => equivocationSchema.parse(JSON.parse(text));

/** Proofs as keepers show them to others: a JSON list of the same. */
export const writeEquivocations = (found: readonly Equivocation[]): string => writeText(found);
/** @throws ZodError or SyntaxError when the text is no list of proofs */
export const readEquivocations = (text: string): readonly Equivocation[] =>
  z.array(equivocationSchema).parse(JSON.parse(text));

/** The same of a signed head. */
export const writeSignedHead = (signed: SignedHead): string => writeText(signed);
export const readSignedHead = (text: string): SignedHead => signedHead.parse(JSON.parse(text));
