import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import {
  createKeys,
  importKey,
  KEY_KINDS,
  type KeyKind,
  type KeySummary,
  listKeys,
} from "../../adapters/keystore/key-folder.ts";
import { readPassword } from "../../adapters/keystore/password-file.ts";
import { readConfig } from "../../config.ts";
import { examples, withGlobalHelp } from "../context.ts";
import { CommandError } from "../failure.ts";
import { createOutput, createProgress, table } from "../output.ts";

const DEFAULT_FOLDER = "keys";
const STANDARD_INPUT = "-";

interface KeyOptions {
  readonly folder: string;
  readonly json?: boolean;
  readonly passwordFile?: string;
}

/** Keys of a keeper. A key is read from a file or the standard input, never from an argument, and shown nowhere. */
export function addKeysCommands(program: Command): void {
  const keys = withGlobalHelp(program.command("keys"), "--json", "--password-file").description(
    "a keeper's encrypted keys: report (signs), transmitter (pays), network (messages)",
  );
  const folder = () => new Option("--folder <folder>", "folder of the keys").default(DEFAULT_FOLDER);
  keys
    .command("new")
    .description("make new keys; none is overwritten")
    .addOption(folder())
    .addOption(new Option("--kind <kinds...>", "which keys").choices(KEY_KINDS).default([...KEY_KINDS]))
    .addHelpText("after", examples("keys new --password-file password", "keys new --kind transmitter ..."))
    .action((_options: unknown, command: Command) => create(command));
  keys
    .command("import")
    .description("encrypt and store a key that exists, read as 64 hexadecimal digits")
    .argument("<kind>", `one of ${KEY_KINDS.join(", ")}`)
    .addOption(folder())
    .requiredOption("--from <file>", "file that holds the key, - for the standard input")
    .addHelpText("after", examples("keys import report --from - --password-file password < old-key"))
    .action((kind: string, _options: unknown, command: Command) => bringIn(command, kind));
  keys
    .command("list")
    .description("addresses, public keys and rights of the files; needs no password")
    .addOption(folder())
    .addHelpText("after", examples("keys list", "keys list --json"))
    .action((_options: unknown, command: Command) => {
      const options: KeyOptions = command.optsWithGlobals();
      const summaries = listKeys(options.folder);
      const none = `There is no key in ${options.folder}. Make keys: ballast keys new --password-file FILE`;
      show(options, summaries, summaries.length === 0 ? none : `Keys in ${options.folder}:`);
    });
}

async function create(command: Command): Promise<void> {
  const options: KeyOptions & { readonly kind: readonly KeyKind[] } = command.optsWithGlobals();
  const told = createProgress(options.json ?? false);
  const summaries = await createKeys(options.folder, options.kind, passwordOf(options), undefined, (kind) => {
    told(`encrypting the ${kind} key`);
  });
  show(options, summaries, `New keys in ${options.folder}; back them up with their password now:`);
}

async function bringIn(command: Command, kindText: string): Promise<void> {
  const options: KeyOptions & { readonly from: string } = command.optsWithGlobals();
  const kind = KEY_KINDS.find((known) => known === kindText);
  if (kind === undefined) {
    throw new CommandError(
      "unknown-kind",
      `there is no kind of key ${kindText}`,
      `name one of ${KEY_KINDS.join(", ")}`,
    );
  }
  const password = passwordOf(options);
  const secret = options.from === STANDARD_INPUT ? await text(process.stdin) : readSecret(options.from);
  const summary = await importKey(options.folder, kind, secret, password);
  show(options, [summary], `Imported into ${options.folder}; destroy the unencrypted copy now:`);
}

function passwordOf({ passwordFile }: KeyOptions): string {
  const file = passwordFile ?? readConfig().passwordFile;
  if (file === null) {
    throw new CommandError(
      "no-password",
      "the keys need a password",
      "write one into a file that only you can read and name it with --password-file (or BALLAST_PASSWORD_FILE)",
    );
  }
  return readPassword(file);
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError("no-file", `the key's file ${file} cannot be read`, "check its path and rights", {
      cause: error,
    });
  }
}

function show({ json = false }: KeyOptions, keys: readonly KeySummary[], title: string): void {
  createOutput(json).result({ keys }, () => [
    title,
    ...(keys.length === 0
      ? []
      : table(
          ["kind", "address or public key", "file", "rights"],
          keys.map(({ kind, id, file, mode, openToOthers }) => [
            kind,
            id,
            file,
            openToOthers ? `${mode}: open to others, chmod 600` : mode,
          ]),
        )),
    ...keys.flatMap(({ peerId }) => (peerId === null ? [] : [`Peer id of the network key: ${peerId}`])),
  ]);
}
