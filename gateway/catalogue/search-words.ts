const wordsMax = 8
const wordCharactersMax = 40
const marks = /\p{M}+/gu
const breaks = /[^\p{L}\p{N}]+/u
const ascii = /^[\t\n\r\x20-\x7e]*$/
const asciiBreaks = /[^a-z0-9]+/

/** The words of a text as the index knows them: small, and without accents. */
export function wordsOf(text: string): readonly string[] {
  // Most texts need no more, and it is much the shorter way.
  if (ascii.test(text)) return cut(text.toLowerCase().split(asciiBreaks))
  return cut(text.normalize('NFKD').replace(marks, '').toLowerCase().split(breaks))
}

/** The words of a question: the first few different ones. */
export function askedWords(text: string): readonly string[] {
  return [...new Set(wordsOf(text))].slice(0, wordsMax)
}

function cut(words: readonly string[]): readonly string[] {
  return words.flatMap((word) => (word === '' ? [] : word.slice(0, wordCharactersMax)))
}
