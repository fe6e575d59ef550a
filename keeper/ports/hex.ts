/** A 0x-prefixed hexadecimal string: an address, a hash or a signature. */
export type Hex = `0x${string}`;

/** True for an even number of hexadecimal digits behind 0x. */
function isHex(text: string): text is Hex {
  return /^0x(?:[0-9a-fA-F]{2})*$/.test(text);
}

/** Narrows a string that a library promises to be hexadecimal; throws RangeError when it is not. */
export function asHex(text: string): Hex {
  if (!isHex(text)) throw new RangeError(`not a 0x-prefixed hexadecimal string: ${text.slice(0, 80)}`);
  return text;
}
