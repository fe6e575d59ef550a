import { parseUnits } from "ethers";
import { z } from "zod";

const GWEI_DECIMALS = 9;
const WEI_PER_GWEI = 10n ** 9n;
/** Above anything that a public chain ever asked for; a value in wei by mistake lies beyond. */
const MAX_CAP_GWEI = 100_000n;
/** Deeper than any finality of a public chain. */
const MAX_BLOCKS = 10_000;
const MAX_REPLACE_AFTER_MS = 3_600_000;

const gwei = z
  .string()
  .regex(/^[0-9]{1,9}(?:\.[0-9]{1,9})?$/, "expected an amount in gwei, such as 500 or 0.05")
  .transform((text) => parseUnits(text, GWEI_DECIMALS))
  .refine(
    (wei) => wei > 0n && wei <= MAX_CAP_GWEI * WEI_PER_GWEI,
    `expected above 0 and at most ${MAX_CAP_GWEI.toString()} gwei`,
  );
const blocks = z.int().min(1).max(MAX_BLOCKS).transform(BigInt);

/** How a keeper pays and waits, in its file; what is left out depends on the chain (services/transactions/transaction-policy.ts). */
export const transactionsSchema = z
  .strictObject({
    maxFeePerGasCapGwei: gwei.optional(),
    maxPriorityFeePerGasCapGwei: gwei.optional(),
    replaceAfterBlocks: blocks.optional(),
    replaceAfterMs: z.int().min(0).max(MAX_REPLACE_AFTER_MS).optional(),
    confirmations: blocks.optional(),
    finalityBlocks: blocks.optional(),
  })
  .refine(({ confirmations = 1n, finalityBlocks = confirmations }) => finalityBlocks >= confirmations, {
    path: ["finalityBlocks"],
    message: "expected at least the confirmations",
  })
  .refine(
    ({ maxFeePerGasCapGwei: feeWei, maxPriorityFeePerGasCapGwei: tipWei }) =>
      feeWei === undefined || tipWei === undefined || tipWei <= feeWei,
    { path: ["maxPriorityFeePerGasCapGwei"], message: "expected at most maxFeePerGasCapGwei" },
  )
  .transform(({ maxFeePerGasCapGwei, maxPriorityFeePerGasCapGwei, ...rest }) => ({
    ...rest,
    maxFeePerGasCapWei: maxFeePerGasCapGwei,
    maxPriorityFeePerGasCapWei: maxPriorityFeePerGasCapGwei,
  }))
  .prefault({});
