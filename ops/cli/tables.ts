import Table from 'cli-table3'
import picocolors from 'picocolors'
import type { Terminal } from './terminal.ts'

/** A cell; numbers stand to the right. */
export type Cell = string | number

/** Rows under bold headings, without lines between them. */
export function table(terminal: Terminal, headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const { bold } = picocolors.createColors(terminal.colours)
  const printed = new Table({
    head: headings.map((heading) => bold(heading)),
    colAligns: headings.map((_heading, column) => (typeof rows[0]?.[column] === 'number' ? 'right' : 'left')),
    chars: plainLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  printed.push(...rows.map((row) => [...row]))
  const lines = printed.toString().split('\n')
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** A time as people and programs read it alike. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

const plainLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}
