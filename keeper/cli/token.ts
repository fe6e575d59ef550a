import { getAddress, isAddress, parseUnits } from "ethers";
import { CommandError } from "./failure.ts";
import { connectToken, type Session } from "./session.ts";

export interface TokenChoice {
  readonly address: string;
  readonly symbol: string;
  readonly decimals: number;
}

/**
 * The vault's token of a symbol or address; the settlement coin when none is named.
 * @throws CommandError `unknown-token` naming the tokens that the vault takes
 */
export async function chooseToken(
  { contracts, provider }: Session,
  wanted: string | undefined,
): Promise<TokenChoice> {
  const [coin, assets] = await Promise.all([contracts.vault.settlementCoin(), contracts.vault.assets()]);
  const addresses = [...new Set([coin, ...assets.map(({ token }) => token)])];
  const tokens = await Promise.all(
    addresses.map(async (address) => {
      const token = connectToken(address, provider);
      const [symbol, decimals] = await Promise.all([token.symbol(), token.decimals()]);
      return { address, symbol, decimals: Number(decimals) };
    }),
  );
  const wantedAddress = wanted !== undefined && isAddress(wanted) ? getAddress(wanted) : null;
  const chosen = tokens.find(({ address, symbol }) =>
    wanted === undefined
      ? address === coin
      : address === wantedAddress || symbol.toLowerCase() === wanted.toLowerCase(),
  );
  if (chosen !== undefined) return chosen;
  throw new CommandError(
    "unknown-token",
    `the vault takes no ${wanted ?? "settlement coin"}`,
    `choose one of ${tokens.map(({ symbol }) => symbol).join(", ")}`,
  );
}

/** An amount in a token's own units. @throws CommandError `too-precise` */
export function unitsOf(amount: string, symbol: string, decimals: number): bigint {
  try {
    return parseUnits(amount, decimals);
  } catch (error) {
    throw new CommandError(
      "too-precise",
      `${amount} has more decimals than ${symbol}`,
      `write at most ${decimals} decimals`,
      { cause: error },
    );
  }
}
