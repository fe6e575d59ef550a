/** Where people's text and the one machine line go. */
export interface Console {
  /** A line for people: stdout, or stderr when stdout is kept for the JSON line. */
  say(line?: string): void;
  /** The machine's line: always stdout. */
  result(line: string): void;
}

export function createConsole(json: boolean): Console {
  const people = json ? process.stderr : process.stdout;
  return {
    say: (line = "") => void people.write(`${line}\n`),
    result: (line) => void process.stdout.write(`${line}\n`),
  };
}
