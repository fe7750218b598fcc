import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Checked } from '../../protocol/schema-problems.ts'
import { systemCode } from '../start-fault.ts'
import { CommandFault } from './command-fault.ts'
import { jsonFaultAt } from './json-position.ts'
import type { Terminal } from './terminal.ts'

const fileBytesMax = 4 * 1024 * 1024

/** Reads and checks what an operator wrote as JSON; `-` is standard input. Throws a {@link CommandFault} with a line for each fault of the file. */
export async function readJsonFile<T>(path: string, terminal: Terminal, check: (value: unknown) => Checked<T>): Promise<T> {
  const name = path === '-' ? 'standard input' : path
  const text = path === '-' ? await terminal.readInput() : await readText(resolve(terminal.workingFolder, path), name)
  const checked = check(parseJson(text, name))
  if (checked.kind === 'value') return checked.value
  throw new CommandFault(...checked.problems.map((problem) => `${name}: ${problem}`))
}

async function readText(path: string, name: string): Promise<string> {
  try {
    if ((await stat(path)).size > fileBytesMax) throw new CommandFault(`${name}: is larger than ${fileBytesMax} bytes`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof CommandFault) throw error
    throw new CommandFault(`${name}: ${reasonOf(error)}`)
  }
}

/** Why a file could not be read, in words. */
export function reasonOf(error: unknown): string {
  const code = systemCode(error)
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'is a folder'
  if (code === 'EACCES') return 'may not be read by this user'
  return error instanceof Error ? error.message : String(error)
}

function parseJson(text: string, name: string): unknown {
  const fault = jsonFaultAt(text)
  if (fault === undefined) return JSON.parse(text)
  throw new CommandFault(`${name}: not JSON at line ${fault.line}, column ${fault.column}`)
}
