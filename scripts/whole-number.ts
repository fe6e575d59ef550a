import { InvalidArgumentError } from "commander";

/** The largest number that a seed or a count may be. */
export const UINT31 = 0x7fff_ffff;

/** Reads an option that is a whole number within bounds; commander prints what is wrong with any other text. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`A whole number from ${min} to ${max} is needed.`);
  };
