/** One line of RFC 4180, without its line break. */
export function csvLine(fields: readonly (string | number)[]): string {
  return fields.map((field) => quoted(String(field))).join(',')
}

/**
 * The fields of one line, or undefined where a quote is not closed or stands in the middle of a field, as in a field with a line break. Ledgers are lines of a
 * few ids and numbers, and this is less than a package that reads every kind of CSV.
 */
export function csvFields(line: string): readonly string[] | undefined {
  const fields: string[] = []
  for (let at = 0; at <= line.length;) {
    const match = field.exec(line.slice(at))
    if (match === null) return undefined
    const [text, inQuotes, plain = ''] = match
    fields.push(inQuotes === undefined ? plain : inQuotes.replaceAll('""', '"'))
    at += text.length + 1
  }
  return fields
}

/** A field up to the comma behind it or the end. */
const field = /^(?:"((?:[^"]|"")*)"|([^",]*))(?=,|$)/

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
