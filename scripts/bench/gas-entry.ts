/** One measured figure of gas. */
export interface GasEntry {
  readonly name: string;
  readonly options: number;
  readonly markets: number;
  readonly repricings: number;
  readonly gas: number;
}

/** What tells two figures apart: their name and how many options they price. */
export const gasKey = ({ name, options }: Pick<GasEntry, "name" | "options">): string => `${name}/${options}`;
