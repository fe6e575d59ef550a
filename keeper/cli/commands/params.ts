import type { Command } from "commander";
import { decodeBytes32String, id as idOf, isHexString, Result } from "ethers";
import type { MarginParamsStruct } from "../../../types/ethers-contracts/interfaces/IRiskConfig.ts";
import { examples, withSession, type CommandContext } from "../context.ts";
import { CommandError } from "../failure.ts";
import { createOutput, percent, toJson } from "../output.ts";
import { hashAfter } from "../params-hash.ts";
import { positiveNumber } from "../parse.ts";

const BPS_PER_PERCENT = 100;
const BYTES32_DIGITS = 66;
const NOTHING = 0n;

interface ProposeOptions {
  readonly es?: number;
  readonly send?: boolean;
  readonly description?: string;
}

export function addParamsCommands(program: Command): void {
  const params = program.command("params").description("the numbers that governance votes on");
  params
    .command("show")
    .description("margin, oracle and liquidation parameters in force")
    .addHelpText("after", examples("params show", "params show --json | jq '.margin.varConfidenceBps'"))
    .action((_options: unknown, command: Command) => withSession(command, show));
  params
    .command("hash")
    .description(
      "the hash that a proposal's call will put in force, for `expect` in a keeper's configuration",
    )
    .argument("<calldata>", "of the proposal's action whose target is RiskConfig")
    .addHelpText("after", examples("params hash 0x…", "params hash 0x… --json | jq -r '.hash'"))
    .action((calldata: string, _options: unknown, command: Command) => {
      printHash(calldata, command);
    });
  params
    .command("propose-confidence")
    .description(
      "propose another confidence level of value at risk; prints the call, and sends it with --send",
    )
    .argument("<percent>", "such as 99.5", positiveNumber)
    .option("--es <percent>", "also another confidence level of expected shortfall", positiveNumber)
    .option("--description <text>", "what voters read")
    .option("--send", "propose with the command's key, which needs enough votes")
    .addHelpText(
      "after",
      examples("params propose-confidence 99.5", "params propose-confidence 99.5 --send --dev-account 1"),
    )
    .action((level: number, options: ProposeOptions, command: Command) =>
      withSession(command, (context) => propose(context, level, options)),
    );
}

/** Needs no chain: the hash is of what the call carries. */
function printHash(calldata: string, command: Command): void {
  const { json = false } = command.optsWithGlobals<{ json?: boolean }>();
  const value = hashAfter(calldata);
  createOutput(json).result(value, () => [
    `${value.set} parameters after this call: ${value.hash}`,
    ...(value.set === "liquidation" ? [] : [`Keepers expect it under expect.${value.set}ParamsHashes.`]),
  ]);
}

async function show({ output, session }: CommandContext): Promise<void> {
  const { config } = session.contracts;
  const [margin, oracle, liquidation, marginHash, oracleHash, liquidationHash] = await Promise.all([
    config.marginParams(),
    config.oracleParams(),
    config.liquidationParams(),
    config.marginParamsHash(),
    config.oracleParamsHash(),
    config.liquidationParamsHash(),
  ]);
  const value = {
    margin: readable(margin),
    oracle: readable(oracle),
    liquidation: readable(liquidation),
    hashes: { margin: marginHash, oracle: oracleHash, liquidation: liquidationHash },
  };
  output.result(value, () =>
    Object.entries(value).flatMap(([name, set]) => [name, ...outline(set, "  "), ""]),
  );
}

/** A call's answer as plain values, with names that were packed into 32 bytes as text. */
function readable(value: unknown): unknown {
  if (!(value instanceof Result)) return value;
  const fields = value.length === 0 ? null : namedFields(value);
  if (fields === null) return value.toArray().map(readable);
  return Object.fromEntries(
    Object.entries(fields).map(([key, entry]) => [
      key,
      key === "name" && typeof entry === "string" ? nameOf(entry) : readable(entry),
    ]),
  );
}

/** Null for an array, whose entries have no names. */
function namedFields(value: Result): Readonly<Record<string, unknown>> | null {
  try {
    return value.toObject();
  } catch {
    return null;
  }
}

function nameOf(text: string): string {
  if (!isHexString(text) || text.length !== BYTES32_DIGITS) return text;
  try {
    return decodeBytes32String(text);
  } catch {
    return text;
  }
}

function outline(value: unknown, indent: string): readonly string[] {
  if (typeof value !== "object" || value === null) return [`${indent}${scalar(value)}`];
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
    if (Array.isArray(entry) && entry.every((item) => typeof item !== "object"))
      return [`${indent}${key} ${entry.map(scalar).join(" ")}`];
    if (typeof entry === "object" && entry !== null)
      return [`${indent}${key}`, ...outline(entry, `${indent}  `)];
    return [`${indent}${key} ${scalar(entry)}`];
  });
}

function scalar(value: unknown): string {
  return typeof value === "string" ? value : toJson(value).replaceAll('"', "");
}

async function propose(
  { output, session }: CommandContext,
  level: number,
  options: ProposeOptions,
): Promise<void> {
  const { config } = session.contracts;
  const [current, previousHash] = await Promise.all([config.marginParams(), config.marginParamsHash()]);
  const varConfidenceBps = bpsOf(level);
  const esConfidenceBps = options.es === undefined ? current.esConfidenceBps : bpsOf(options.es);
  if (varConfidenceBps === current.varConfidenceBps && esConfidenceBps === current.esConfidenceBps) {
    throw new CommandError(
      "no-change",
      `the confidence level is ${percent(varConfidenceBps)} already`,
      "propose another level; see: ballast params show",
    );
  }
  const target = await config.getAddress();
  const calldata = config.interface.encodeFunctionData("setMarginParams", [
    { ...paramsOf(current), varConfidenceBps, esConfidenceBps },
    previousHash,
  ]);
  const description =
    options.description ??
    `Set the confidence of value at risk to ${percent(varConfidenceBps)} and of expected shortfall to ${percent(esConfidenceBps)}`;
  await requireAccepted({ output, session }, target, calldata);
  const { governor } = options.send === true ? await session.signed() : session.contracts;
  const sent =
    options.send === true
      ? await session.transact("proposing", () =>
          governor.propose([target], [NOTHING], [calldata], description),
        )
      : null;
  const proposalId = await governor.getProposalId([target], [NOTHING], [calldata], idOf(description));
  const value = {
    proposalId,
    varConfidenceBps,
    esConfidenceBps,
    target,
    value: NOTHING,
    calldata,
    newHash: hashAfter(calldata).hash,
    description,
    governor: await governor.getAddress(),
    transaction: sent?.hash ?? null,
  };
  output.result(value, () => [
    `Value at risk ${percent(current.varConfidenceBps)} -> ${percent(varConfidenceBps)}, expected shortfall ${percent(current.esConfidenceBps)} -> ${percent(esConfidenceBps)}`,
    `Proposal ${proposalId.toString()}: "${description}"`,
    `Keepers expect ${value.newHash} beside the hash of now before it takes effect (expect.marginParamsHashes).`,
    sent === null
      ? `Not sent. Send it with --send, or have ${value.governor} propose:`
      : `Proposed in ${sent.hash}.`,
    ...(sent === null ? [`  target   ${target}`, `  calldata ${calldata}`] : []),
  ]);
}

/** Runs the change as the timelock would: what it refuses now, it would refuse after the vote. */
async function requireAccepted({ session }: CommandContext, target: string, calldata: string): Promise<void> {
  const timelock = await session.contracts.governor.timelock();
  await session.read("the change, tried as governance would make it,", () =>
    session.provider.call({ from: timelock, to: target, data: calldata }),
  );
}

type MarginParams = Awaited<ReturnType<CommandContext["session"]["contracts"]["config"]["marginParams"]>>;

/** The set as plain values: what a call returns cannot be written back as it is. */
function paramsOf(params: MarginParams): MarginParamsStruct {
  return {
    varConfidenceBps: params.varConfidenceBps,
    esConfidenceBps: params.esConfidenceBps,
    tailMeasure: params.tailMeasure,
    horizonSeconds: params.horizonSeconds,
    offsetTrustBps: params.offsetTrustBps,
    initialFactorBps: params.initialFactorBps,
    volTermExponentBps: params.volTermExponentBps,
    volTermFloorSeconds: params.volTermFloorSeconds,
    heartbeatSeconds: params.heartbeatSeconds,
    riskIncreaseAgeSeconds: params.riskIncreaseAgeSeconds,
    fallbackAgeSeconds: params.fallbackAgeSeconds,
    stalenessBpsPerHour: params.stalenessBpsPerHour,
    stalenessCapBps: params.stalenessCapBps,
    pegThresholdBps: params.pegThresholdBps,
    pegMultipleBps: params.pegMultipleBps,
    markets: [...params.markets],
    stress: params.stress.map((scenario) => ({
      name: scenario.name,
      weightBps: scenario.weightBps,
      volMultipleBps: scenario.volMultipleBps,
      volFloorBps: scenario.volFloorBps,
      linearTwistBps: scenario.linearTwistBps,
      absoluteTwistBps: scenario.absoluteTwistBps,
      returnBps: [...scenario.returnBps],
    })),
  };
}

function bpsOf(level: number): bigint {
  return BigInt(Math.round(level * BPS_PER_PERCENT));
}
