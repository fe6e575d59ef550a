// What a broken or hostile peer may send: noise, and real texts that were cut, turned over, deepened, swollen or retouched.
import fc from "fast-check";

const MAX_NOISE_BYTES = 400;
const MAX_DEPTH = 20_000;

/** Values that parsers fall over. */
const POISON = [
  "1e999",
  "-0",
  "1".repeat(400),
  `"${"9".repeat(5_000)}"`,
  '"\\u0000"',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"valueOf":2,"hasOwnProperty":3}',
  "[]",
  "{}",
  "null",
  "true",
  "NaN",
  '"0x"',
  '"-1"',
  '" 1"',
  '"0b11"',
] as const;

const noise = fc.uint8Array({ maxLength: MAX_NOISE_BYTES });
const anyJson = fc.json({ maxDepth: 6 }).map(bytesOf);
const nested = fc
  .tuple(fc.constantFrom("[", '{"a":', '{"__proto__":'), fc.integer({ min: 1, max: MAX_DEPTH }), fc.boolean())
  .map(([opening, depth, closed]) => {
    const closing = (opening === "[" ? "]" : "}").repeat(closed ? depth : 0);
    return bytesOf(`${opening.repeat(depth)}1${closing}`);
  });

/** @param real texts that the parser accepts */
export function hostileBytes(real: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const position = fc.nat({ max: 1_000_000 });
  const truncated = fc
    .tuple(real, position)
    .map(([text, at]) => bytesOf(text.slice(0, at % (text.length + 1))));
  const flipped = fc
    .tuple(real, fc.array(fc.tuple(position, fc.integer({ min: 0, max: 7 })), { minLength: 1, maxLength: 4 }))
    .map(([text, flips]) => {
      const bytes = bytesOf(text);
      for (const [at, bit] of flips) if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << bit;
      return bytes;
    });
  const poisoned = fc
    .tuple(real, position, fc.oneof(fc.constantFrom(...POISON), fc.json({ maxDepth: 3 })))
    .map(([text, at, value]) => bytesOf(replaceValue(text, at, value)));
  const extended = fc
    .tuple(
      real,
      fc.constantFrom("__proto__", "constructor", "prototype", "extra", "version", "kind"),
      position,
    )
    .map(([text, name, at]) => bytesOf(addField(text, at, name)));
  const retouched = fc
    .tuple(
      real,
      fc.array(
        fc.tuple(
          position,
          fc.integer({ min: 0, max: 15 }).map((digit) => digit.toString(16)),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    )
    .map(([text, changes]) => bytesOf(changes.reduce((past, change) => replaceDigit(past, ...change), text)));
  const doubled = fc.tuple(real, real).map(([a, b]) => bytesOf(a + b));
  return fc.oneof(noise, anyJson, nested, truncated, flipped, poisoned, extended, retouched, doubled);
}

/** Puts a value in the place of one that stands behind a colon, a bracket or a comma. */
function replaceValue(text: string, at: number, value: string): string {
  const places = [...text.matchAll(/[:[,](?<value>"[^"]*"|-?[0-9.]+|true|false|null)/g)];
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return value;
  const start = place.index + 1;
  return text.slice(0, start) + value + text.slice(start + (place.groups?.["value"]?.length ?? 0));
}

/** Another digit in the place of one, decimal for decimal: the form stays, the value changes. */
function replaceDigit(text: string, at: number, digit: string): string {
  const places = [...text.matchAll(/[0-9a-f]/g)];
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return text;
  const isDecimal = (char: string) => char >= "0" && char <= "9";
  const other = isDecimal(place[0]) && !isDecimal(digit) ? "7" : digit;
  return text.slice(0, place.index) + other + text.slice(place.index + 1);
}

function addField(text: string, at: number, name: string): string {
  const openings = [...text.matchAll(/\{/g)];
  const opening = openings[at % Math.max(1, openings.length)];
  if (opening === undefined) return `{"${name}":1}`;
  const end = opening.index + 1;
  return `${text.slice(0, end)}"${name}":{"polluted":true},${text.slice(end)}`;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
