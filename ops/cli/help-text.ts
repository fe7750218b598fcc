import type { Terminal } from './terminal.ts'
import { wrapped } from './wrapped.ts'

/** What stands below a command's options: examples, each with what it is for, and a paragraph. Fits the terminal. */
export function helpText(terminal: Terminal, examples: readonly (readonly [command: string, meaning: string])[], notes: string): string {
  const { columns } = terminal
  const width = Math.max(...examples.map(([command]) => command.length))
  const isWide = examples.every(([, meaning]) => 2 + width + 3 + meaning.length <= columns)
  const lines = examples.map(([command, meaning]) => {
    if (meaning === '') return `  ${command}\n`
    return isWide ? `  ${command.padEnd(width)}   ${meaning}\n` : `  ${command}\n${wrapped(meaning, columns, '      ')}`
  })
  return `\nExamples:\n${lines.join('')}\n${wrapped(notes, columns, '')}`
}
