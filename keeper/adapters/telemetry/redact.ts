import type { TelemetryFields } from "../../ports/telemetry.ts";

const HIDDEN = "[hidden]";
/** Names of fields whose values are never written. */
const SECRET_NAME =
  /password|passphrase|secret|private|mnemonic|seed|credential|authorization|apikey|api_key/i;
/** Anything that reads as scheme://rest: its account, path and query may hold a key. */
const URL_TEXT = /\b([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@]*@)?([^\s/?#"']+)([^\s"']*)/gi;
/** 32 bytes behind a word that says that they are a key. */
const KEY_TEXT = /((?:private|secret|signing)[ _-]?key\W{0,3})(?:0x)?[0-9a-f]{64}/gi;

/** Fields without secrets: values of telling names are hidden, URLs keep scheme and host alone. */
export function redactFields(fields: TelemetryFields): TelemetryFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (SECRET_NAME.test(name)) return [name, HIDDEN];
      return [name, typeof value === "string" ? redactText(value) : value];
    }),
  );
}

/** A text in which every URL is cut to scheme and host and no key stands. */
export function redactText(text: string): string {
  return text
    .replace(URL_TEXT, (_whole, scheme: string, host: string, rest: string) =>
      rest === "" || rest === "/" ? `${scheme}://${host}${rest}` : `${scheme}://${host}/${HIDDEN}`,
    )
    .replace(KEY_TEXT, `$1${HIDDEN}`);
}
