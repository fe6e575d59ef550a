import type { Command } from "commander";
import { examples } from "../context.ts";
import { CommandError } from "../failure.ts";
import {
  acting,
  type ConfigOption,
  OPERATOR,
  operatorOf,
  requireMember,
} from "../keeper/membership-command.ts";
import {
  amountOf,
  chainTime,
  configuredKeys,
  nextConfiguration,
  provePossession,
  readMember,
  stakeToken,
} from "../keeper/membership.ts";
import { carryOut, type MembershipContext, stakingSteps, withMembership } from "../keeper/membership-plan.ts";
import { table, time } from "../output.ts";
import { address as parseAddress, decimalAmount, tcpMultiaddr, timeSeconds } from "../parse.ts";
import { unitsOf } from "../token.ts";

interface EntryOptions {
  readonly endpoint?: string;
  readonly payee?: string;
}

/** Joining the keepers, changing keys and leaving. The operator's key owns the stake (--keystore); the keeper's keys come from its configuration. */
export function addMembershipCommands(keeper: Command, configOption: ConfigOption): void {
  addShow(keeper, configOption);
  addEntryCommands(keeper, configOption);
}

function addShow(keeper: Command, configOption: ConfigOption): void {
  keeper
    .command("member")
    .description("what the registry's contracts hold of an operator: entry, stake, times, rewards")
    .argument("[operator]", "default: the command's key", parseAddress)
    .option(...configOption)
    .addHelpText("after", examples("keeper member 0x…", `keeper member ${OPERATOR} --json`))
    .action((operator: string | undefined, _options: unknown, made: Command) =>
      withMembership(made, (context) => show(context, operator)),
    );
}

function addEntryCommands(keeper: Command, configOption: ConfigOption): void {
  const endpoint = ["--endpoint <multiaddr>", "where the other keepers reach this one"] as const;
  acting(
    keeper,
    configOption,
    "join",
    "stake, and stand to be a keeper with the configuration's report and network keys",
  )
    .requiredOption(...endpoint, tcpMultiaddr)
    .option("--payee <address>", "receives the rewards (default: the operator)", parseAddress)
    .option("--stake <amount>", "in whole tokens (default: the least that is asked for)", decimalAmount)
    .addHelpText("after", examples(`keeper join --endpoint /dns4/keeper.example/tcp/9463 ${OPERATOR} --send`))
    .action((options: EntryOptions & { readonly stake?: string }, made: Command) =>
      withMembership(made, (context) => join(context, options)),
    );
  acting(
    keeper,
    configOption,
    "rotate",
    "change to the configuration's keys, another endpoint or another payee",
  )
    .option(...endpoint, tcpMultiaddr)
    .option("--payee <address>", "receives the rewards", parseAddress)
    .addHelpText("after", examples(`keeper rotate --config keeper-2.json ${OPERATOR} --send`))
    .action((options: EntryOptions, made: Command) =>
      withMembership(made, (context) => rotate(context, options)),
    );
  acting(keeper, configOption, "activate", "put the eldest members that qualify in force; anyone may")
    .option("--at <time>", "show what will qualify at a later time, and the digest it will have", timeSeconds)
    .addHelpText(
      "after",
      examples(
        "keeper activate --dev-account 0",
        "keeper activate --at 2026-12-24T18:00:00Z --dev-account 0",
        `keeper activate ${OPERATOR} --send`,
      ),
    )
    .action(({ at }: { readonly at?: number }, made: Command) =>
      withMembership(made, (context) => activate(context, at)),
    );
}

async function show(context: MembershipContext, asked: string | undefined): Promise<void> {
  const { output, session } = context;
  const operator = asked ?? (await operatorOf(context));
  const { staking, keepers, rewards: pot } = session.contracts;
  const [member, isCandidate, token, minStakeUnits] = await Promise.all([
    readMember(session, operator),
    staking.isCandidate(operator),
    stakeToken(session),
    staking.minStakeUnits(),
  ]);
  const key = member?.entry.reportKey ?? null;
  const [isInForce, owedUnits] =
    key === null ? [false, 0n] : await Promise.all([keepers.isKeeper(key), pot.owedUnits(key)]);
  output.result({ operator, isCandidate, member, isInForce, owedUnits, minStakeUnits }, () => {
    const stands = isCandidate ? "may stand" : "may not stand: governance has to let it";
    if (member === null)
      return [
        `${operator} is no member and ${stands}; the least stake is ${amountOf(minStakeUnits, token)}.`,
      ];
    const { entry, pending, pendingFrom, eligibleFrom, leavesAt, stakeUnits } = member;
    return [
      `Operator ${operator}, ${stands}; its report key is ${isInForce ? "in force" : "not in force"}.`,
      ...entryLines(entry),
      `Stake ${amountOf(stakeUnits, token)}, at least ${amountOf(minStakeUnits, token)}; eligible from ${time(eligibleFrom)}.`,
      ...(pending === null
        ? []
        : [`From ${time(pendingFrom)}, with the next activation:`, ...entryLines(pending)]),
      ...(leavesAt === 0 ? [] : [`Leaves at ${time(leavesAt)}.`]),
      `Rewards owed: ${amountOf(owedUnits, token)}.`,
    ];
  });
}

interface EntryText {
  readonly reportKey: string;
  readonly networkKey: string;
  readonly payee: string;
  readonly endpoint: string;
}

function entryLines({ reportKey, networkKey, payee, endpoint }: EntryText): readonly string[] {
  return [
    `  report key   ${reportKey}`,
    `  network key  ${networkKey}`,
    `  endpoint     ${endpoint}`,
    `  payee        ${payee}`,
  ];
}

async function join(
  context: MembershipContext,
  { endpoint = "", payee, stake }: EntryOptions & { readonly stake?: string },
): Promise<void> {
  const { session, config, told } = context;
  const [operator, { staking }, delays, least, token, now] = await Promise.all([
    operatorOf(context),
    session.signed(),
    session.contracts.staking.delays(),
    session.contracts.staking.minStakeUnits(),
    stakeToken(session),
    chainTime(session),
  ]);
  const { report, network } = configuredKeys(config);
  const units = stake === undefined ? least : unitsOf(stake, token.symbol, token.decimals);
  const entry = { reportKey: report, networkKey: network, payee: payee ?? operator, endpoint };
  told("opening the report key");
  const possession = await provePossession(session, config, operator);
  const steps = await stakingSteps(session, units, {
    action: "joining the keepers",
    send: () => staking.join(entry, units, possession),
    tried: () => staking.join.staticCall(entry, units, possession),
  });
  const eligibleFrom = now + Number(delays.joinSeconds);
  await carryOut(context, {
    value: { operator, entry, stakeUnits: units, eligibleFrom },
    lines: [
      `The operator ${operator} stakes ${amountOf(units, token)} and stands with:`,
      ...entryLines(entry),
      `It may be chosen from ${time(eligibleFrom)}. The stake is bound until ${Number(delays.unbondingSeconds)} s after its last duty.`,
    ],
    steps,
    next: "When it may be chosen: ballast keeper activate --send. Tell the others the coming digest before.",
  });
}

async function rotate(context: MembershipContext, { endpoint, payee }: EntryOptions): Promise<void> {
  const { session, config, told } = context;
  const [operator, { staking }, delays, now] = await Promise.all([
    operatorOf(context),
    session.signed(),
    session.contracts.staking.delays(),
    chainTime(session),
  ]);
  const { entry: before, pending } = await requireMember(context, operator);
  const { report, network } = configuredKeys(config);
  const entry = {
    reportKey: report,
    networkKey: network,
    payee: payee ?? before.payee,
    endpoint: endpoint ?? before.endpoint,
  };
  if (JSON.stringify(entryLines(entry)) === JSON.stringify(entryLines(pending ?? before)))
    throw new CommandError(
      "no-change",
      "the configuration's keys, the endpoint and the payee are those that the contract holds",
      "make new keys (ballast keys new --folder keys-2), name them in a configuration and give it with --config; or give --endpoint or --payee",
    );
  told("opening the report key");
  const possession = await provePossession(session, config, operator);
  const pendingFrom = now + Number(delays.rotationSeconds);
  await carryOut(context, {
    value: { operator, before, entry, pendingFrom },
    lines: [
      `The operator ${operator} changes from`,
      ...entryLines(before),
      "to",
      ...entryLines(entry),
      `with the first activation after ${time(pendingFrom)}.${pending === null ? "" : " The change that was asked for before is dropped."}`,
    ],
    steps: [
      {
        action: "asking for the rotation",
        send: () => staking.rotate(entry, possession),
        tried: () => staking.rotate.staticCall(entry, possession),
      },
    ],
    next: "After that time: ballast keeper activate --send. Tell the others the coming digest before; keep the old keeper running until then.",
  });
}

async function activate(context: MembershipContext, at: number | undefined): Promise<void> {
  const { session, isSent } = context;
  if (at !== undefined && isSent)
    throw new CommandError("bad-options", "--at looks ahead, and --send acts now", "give one of the two");
  const atSeconds = at ?? (await chainTime(session));
  const [{ staking }, coming] = await Promise.all([session.signed(), nextConfiguration(session, atSeconds)]);
  const { entries, required, digest, joining, leaving } = coming;
  await carryOut(context, {
    value: { ...coming },
    lines: [
      `${entries.length} of the ${required} keepers that are needed qualify at ${time(atSeconds)}; their config digest ${entries.length === required ? `is ${digest}` : "is not to be known yet"}.`,
      ...table(
        ["report key", "endpoint", ""],
        entries.map(({ reportKey, endpoint }) => [
          reportKey,
          endpoint,
          joining.includes(reportKey) ? "joins" : "",
        ]),
      ),
      ...leaving.map((key) => `${key} leaves.`),
    ],
    steps: [
      {
        action: "activating the chosen keepers",
        send: () => staking.activate(),
        // The contract answers for now alone.
        tried: at === undefined ? () => staking.activate.staticCall() : null,
      },
    ],
    next: "In force. The set before counts during the overlap.",
  });
}
