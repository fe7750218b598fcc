import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from './compose-file.ts'

export interface Instruction {
  readonly word: string
  readonly rest: string
}

/** The Dockerfile's instructions in order, each on one line, without comments. */
export function readDockerFile(): readonly Instruction[] {
  const text = readFileSync(join(projectFolder, 'Dockerfile'), 'utf8')
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [word = '', ...rest] = line.split(' ')
      return { word, rest: rest.join(' ') }
    })
}

/** The instructions of the image that runs: those after the last FROM. */
export function finalStage(): readonly Instruction[] {
  const all = readDockerFile()
  return all.slice(all.findLastIndex(({ word }) => word === 'FROM'))
}

/** What the image sets for every container of it. */
export function imageVariables(): Readonly<Record<string, string>> {
  const pairs = finalStage()
    .filter(({ word }) => word === 'ENV')
    .flatMap(({ rest }) => rest.split(' '))
  return Object.fromEntries(
    pairs.map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split('=')
      return [name, value]
    }),
  )
}
