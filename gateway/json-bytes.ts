/** The bytes that JSON is made of. */
export const jsonByte = {
  quote: 0x22,
  comma: 0x2c,
  zero: 0x30,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const

/** Printable ASCII that stands for itself inside a JSON text. */
export function isPlainByte(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e && byte !== jsonByte.quote && byte !== jsonByte.backslash
}
