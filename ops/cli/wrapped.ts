/** Lines of at most `columns`, broken between words; `indent` stands before each, and what the text begins with after that before all but the first. */
export function wrapped(text: string, columns: number, indent: string): string {
  const own = /^ */.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = own
  for (const word of text.trim().split(' ')) {
    const longer = line === own ? `${line}${word}` : `${line} ${word}`
    if (indent.length + longer.length > columns && line !== own) {
      lines.push(line)
      line = `${own}${word}`
    } else line = longer
  }
  lines.push(line)
  return lines.map((one) => `${indent}${one}\n`).join('')
}
