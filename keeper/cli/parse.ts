import { multiaddr } from "@multiformats/multiaddr";
import { getAddress, isAddress, parseUnits } from "ethers";
import { InvalidArgumentError } from "commander";

/** Parsers of arguments and options; each says what it expected, behind the value that commander names. */

export function accountId(text: string): bigint {
  if (!/^[1-9][0-9]*$/.test(text)) throw new InvalidArgumentError("Expected an account's number: 1 or more.");
  return BigInt(text);
}

export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text))
    throw new InvalidArgumentError("Expected a whole number of at most 15 digits.");
  return Number(text);
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity))
    throw new InvalidArgumentError("Expected a number greater than zero.");
  return value;
}

/** A decimal amount; its scale depends on the token. */
export function decimalAmount(text: string): string {
  if (!/^[0-9]+(?:\.[0-9]+)?$/.test(text) || /^[0.]+$/.test(text))
    throw new InvalidArgumentError("Expected an amount greater than zero, such as 2500 or 0.75.");
  return text;
}

/** A price or size * 1e8. */
export function unitsE8(text: string): bigint {
  try {
    const units = parseUnits(text, 8);
    if (units >= 0n) return units;
  } catch {
    // The message below says what was expected.
  }
  throw new InvalidArgumentError(
    "Expected a number of at least zero with at most eight decimals, such as 0.25.",
  );
}

export function address(text: string): string {
  if (!isAddress(text)) throw new InvalidArgumentError("Expected an address: 0x and 40 hexadecimal digits.");
  return getAddress(text);
}

/** Where a peer answers, as the registry holds it. */
export function tcpMultiaddr(text: string): string {
  try {
    if (multiaddr(text).getComponents().at(-1)?.name === "tcp") return text;
  } catch {
    // The message below says what was expected.
  }
  throw new InvalidArgumentError("Expected a multiaddr of TCP, such as /dns4/keeper.example/tcp/9463.");
}

const MILLISECONDS = 1_000;

/** A time as Unix seconds. */
export function timeSeconds(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError("Expected a time, such as 2026-12-24T18:00:00Z.");
  return Math.floor(ms / MILLISECONDS);
}
