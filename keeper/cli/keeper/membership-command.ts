import type { Command } from "commander";
import { CommandError } from "../failure.ts";
import { readMember } from "./membership.ts";
import type { MembershipContext } from "./membership-plan.ts";
import type { StakedMember } from "./next-configuration.ts";

/** The operator's key in examples. */
export const OPERATOR = "--keystore operator.json --password-file operator-password";

export type ConfigOption = readonly [string, string];

/** A command that shows what it would do, and does it with --send. */
export function acting(
  keeper: Command,
  configOption: ConfigOption,
  name: string,
  description: string,
): Command {
  return keeper
    .command(name)
    .description(`${description}; shows what it would do, and does it with --send`)
    .option(...configOption)
    .option("--send", "send the transactions");
}

export const operatorOf = async ({ session }: MembershipContext): Promise<string> =>
  (await session.signer()).getAddress();

/** @throws CommandError `not-member` */
export async function requireMember({ session }: MembershipContext, operator: string): Promise<StakedMember> {
  const member = await readMember(session, operator);
  if (member !== null) return member;
  throw new CommandError("not-member", `${operator} is no member`, "join first: ballast keeper join");
}
