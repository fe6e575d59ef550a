import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { createOutput, type Output } from "./output.ts";
import { openSession, type Session } from "./session.ts";

/** The options that every command takes. */
interface GlobalOptions {
  readonly json?: boolean;
  readonly deployment?: string;
  readonly rpcUrl?: string;
  readonly keystore?: string;
  readonly passwordFile?: string;
  readonly devAccount?: number;
}

/** What an action runs with. */
export interface CommandContext {
  readonly output: Output;
  readonly session: Session;
}

/** Runs an action with an open session and closes it, whatever happens. */
export async function withSession(
  command: Command,
  action: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const options: GlobalOptions = command.optsWithGlobals();
  const config = readConfig();
  const session = await openSession({
    deploymentFile: options.deployment ?? config.deploymentFile,
    rpcUrl: options.rpcUrl ?? config.rpcUrl,
    keystoreFile: options.keystore ?? config.keystoreFile,
    passwordFile: options.passwordFile ?? config.passwordFile,
    devAccount: options.devAccount ?? null,
  });
  try {
    await action({ output: createOutput(options.json ?? false), session });
  } finally {
    session.close();
  }
}

/** Shows in a command's help those options of the whole program that it takes, and no others. */
export function withGlobalHelp(command: Command, ...flags: readonly string[]): Command {
  return command.configureHelp({
    showGlobalOptions: true,
    visibleGlobalOptions: (made) => {
      const all = made.parent === null ? [] : ancestorsOf(made).flatMap(({ options }) => [...options]);
      return all.filter(({ long }) => long !== undefined && flags.includes(long));
    },
  });
}

function ancestorsOf(command: Command): readonly Command[] {
  return command.parent === null ? [] : [command.parent, ...ancestorsOf(command.parent)];
}

/** Lines that follow a command's help: how it is used. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ npx ballast ${line}`).join("\n")}\n`;
}
