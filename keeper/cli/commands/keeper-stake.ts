import type { Command } from "commander";
import { examples } from "../context.ts";
import {
  acting,
  type ConfigOption,
  OPERATOR,
  operatorOf,
  requireMember,
} from "../keeper/membership-command.ts";
import { amountOf, chainTime, stakeToken } from "../keeper/membership.ts";
import { carryOut, type MembershipContext, stakingSteps, withMembership } from "../keeper/membership-plan.ts";
import { rewards } from "../keeper/rewards.ts";
import { time } from "../output.ts";
import { address as parseAddress, decimalAmount } from "../parse.ts";
import { unitsOf } from "../token.ts";

/** The stake behind a keeper's keys: more of it, none of it, and what it earns. */
export function addStakeCommands(keeper: Command, configOption: ConfigOption): void {
  acting(keeper, configOption, "add-stake", "put more stake behind the keys")
    .argument("<amount>", "in whole tokens", decimalAmount)
    .addHelpText("after", examples(`keeper add-stake 1000 ${OPERATOR} --send`))
    .action((amount: string, _options: unknown, made: Command) =>
      withMembership(made, (context) => addStake(context, amount)),
    );
  acting(keeper, configOption, "leave", "ask to be chosen no more after the delay")
    .addHelpText("after", examples(`keeper leave ${OPERATOR} --send`))
    .action((_options: unknown, made: Command) => withMembership(made, leave));
  acting(keeper, configOption, "withdraw", "take the stake back once it is bound no more")
    .option("--to <address>", "receives it (default: the operator)", parseAddress)
    .addHelpText("after", examples(`keeper withdraw ${OPERATOR} --send`))
    .action(({ to }: { readonly to?: string }, made: Command) =>
      withMembership(made, (context) => withdraw(context, to)),
    );
  acting(
    keeper,
    configOption,
    "rewards",
    "credit the last report's signers and pay what this keeper's key is owed; anyone may",
  )
    .addHelpText("after", examples("keeper rewards --dev-account 0", `keeper rewards ${OPERATOR} --send`))
    .action((_options: unknown, made: Command) => withMembership(made, rewards));
}

async function addStake(context: MembershipContext, amount: string): Promise<void> {
  const { session } = context;
  const [operator, { staking }, token] = await Promise.all([
    operatorOf(context),
    session.signed(),
    stakeToken(session),
  ]);
  const { stakeUnits } = await requireMember(context, operator);
  const units = unitsOf(amount, token.symbol, token.decimals);
  const steps = await stakingSteps(session, units, {
    action: "adding stake",
    send: () => staking.addStake(units),
    tried: () => staking.addStake.staticCall(units),
  });
  await carryOut(context, {
    value: { operator, units, stakeUnits: stakeUnits + units },
    lines: [
      `The operator ${operator} adds ${amountOf(units, token)}, to ${amountOf(stakeUnits + units, token)}.`,
    ],
    steps,
    next: "Done.",
  });
}

async function leave(context: MembershipContext): Promise<void> {
  const { session } = context;
  const [operator, { staking }, delays, now] = await Promise.all([
    operatorOf(context),
    session.signed(),
    session.contracts.staking.delays(),
    chainTime(session),
  ]);
  const { entry } = await requireMember(context, operator);
  const leavesAt = now + Number(delays.leaveSeconds);
  await carryOut(context, {
    value: { operator, leavesAt },
    lines: [
      `The operator ${operator} with the report key ${entry.reportKey} is chosen no more from ${time(leavesAt)}.`,
      "Its key counts until the next activation and a short overlap; keep the keeper running until then.",
    ],
    steps: [
      {
        action: "asking to leave",
        send: () => staking.requestLeave(),
        tried: () => staking.requestLeave.staticCall(),
      },
    ],
    next: "After that time: ballast keeper activate --send, and when the stake is bound no more: ballast keeper withdraw --send.",
  });
}

async function withdraw(context: MembershipContext, to: string | undefined): Promise<void> {
  const { session } = context;
  const [operator, { staking }, token] = await Promise.all([
    operatorOf(context),
    session.signed(),
    stakeToken(session),
  ]);
  const { stakeUnits } = await requireMember(context, operator);
  const receiver = to ?? operator;
  await carryOut(context, {
    value: { operator, to: receiver, stakeUnits },
    lines: [
      `The operator ${operator} takes its stake of ${amountOf(stakeUnits, token)} back, to ${receiver}.`,
    ],
    steps: [
      {
        action: "withdrawing the stake",
        send: () => staking.withdraw(receiver),
        tried: () => staking.withdraw.staticCall(receiver),
      },
    ],
    next: "The operator is no member any more.",
  });
}
