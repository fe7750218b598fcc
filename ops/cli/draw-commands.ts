import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import picocolors from 'picocolors'
import { z } from 'zod'
import type { DrawProof } from '../../actors/draw/draw-proof.ts'
import { readProof } from '../../actors/draw/read-proof.ts'
import { positionOf, type ProofCheck, verifyProof } from '../../actors/draw/verify-proof.ts'
import type { Work } from '../../actors/work.ts'
import { counted } from '../counted.ts'
import { StartFault, systemCode } from '../start-fault.ts'
import { CommandFault } from './command-fault.ts'
import { addDrawNodeCommands } from './draw-proof-command.ts'
import type { Terminal } from './terminal.ts'

const optionsSchema = z.object({ file: z.string(), user: z.string().optional(), json: z.boolean().default(false) })
type Options = z.output<typeof optionsSchema>

/** `sluice draw verify | beacon | proof`. */
export function addDrawCommands(program: Command, terminal: Terminal): void {
  const draw = program.command('draw').description('the draw among those who came before a sale opened')
  addDrawNodeCommands(draw, terminal)
  const verify = draw
    .command('verify')
    .description('do a draw over again from its proof and say what does not agree; needs no node and no network')
    .requiredOption('--file <file>', 'the proof as JSON, - for standard input')
    .option('--user <id>', 'also say where this user stands in the drawn order')
    .option('--json', 'print the result as JSON')
  verify.action(async () => {
    const options = optionsSchema.parse(verify.opts())
    const proof = await readProofFile(options.file, terminal)
    report(proof, withProgress(verifyProof(proof), terminal), options, terminal)
  })
}

function report(proof: DrawProof, checks: readonly ProofCheck[], { file, user, json }: Options, terminal: Terminal): void {
  const wrong = checks.filter(({ problem }) => problem !== undefined)
  const position = user === undefined ? undefined : positionOf(proof, user)
  if (json) {
    const { format, sku, beacon, roster } = proof
    const asked = user === undefined ? {} : { user, position: position ?? null }
    terminal.out(`${JSON.stringify({ format, sku, entries: roster.length, beacon, right: wrong.length === 0, checks, ...asked })}\n`)
  } else {
    terminal.out(checksText(proof, checks, terminal))
    if (user !== undefined) terminal.out(positionText(proof, user, position))
  }
  if (wrong.length > 0)
    throw new StartFault(`${file}: ${counted(wrong.length, 'part')} of the proof wrong: ${wrong.map(({ part }) => part).join(', ')}`)
}

const partNames: Readonly<Record<ProofCheck['part'], string>> = {
  commitment: 'commitment',
  roster: 'roster',
  rosterHash: 'roster hash',
  order: 'order',
}

function checksText(proof: DrawProof, checks: readonly ProofCheck[], terminal: Terminal): string {
  const { green, red } = picocolors.createColors(terminal.colours)
  const head = `Draw of ${JSON.stringify(proof.sku)} among ${counted(proof.roster.length, 'participant')}\n`
  const lines = checks.map(({ part, problem }) => {
    const name = partNames[part].padEnd(12)
    return problem === undefined ? `  ${green('right')}  ${name}\n` : `  ${red('WRONG')}  ${name} ${problem}\n`
  })
  return `${head}${lines.join('')}${toCompare(proof)}`
}

/** What no file can prove about itself. */
function toCompare({ commitment, rosterHash, beacon }: DrawProof): string {
  const parts = [
    'Compare with what was published:\n',
    `  before the lobby opened   commitment ${commitment}\n`,
    `  when it closed            roster hash ${rosterHash}\n`,
  ]
  if (beacon === null)
    parts.push('No beacon: this shows that the order was not changed afterwards, and not that nobody could choose it before.\n')
  else if (beacon.value === null) {
    parts.push(
      `Round ${beacon.round} of ${beacon.source} did not come in time, and the draw was done without it: as if no beacon had been planned.\n`,
    )
  } else parts.push(`  by ${beacon.source}, round ${beacon.round}   ${beacon.value}\n`)
  return parts.join('')
}

function positionText(proof: DrawProof, user: string, position: number | undefined): string {
  if (position === undefined) return `${JSON.stringify(user)} is not in this draw.\n`
  return `${JSON.stringify(user)} is at position ${position} of ${proof.order.length}.\n`
}

async function readProofFile(file: string, terminal: Terminal): Promise<DrawProof> {
  const name = file === '-' ? 'standard input' : file
  const read = readProof(
    parseJson(file === '-' ? await terminal.readInput() : await readText(resolve(terminal.workingFolder, file), name), name),
  )
  if (read.kind === 'proof') return read.proof
  throw new StartFault(`${name}: ${read.problem}`)
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new CommandFault(`${name}: ${systemCode(error) === 'ENOENT' ? 'there is no such file' : String(error)}`)
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Millions of entries are parsed once, and not walked before to find the place as with files that people write.
    throw new StartFault(`${name}: not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Where somebody looks at a screen, says in whole percents how far it is. */
function withProgress<T>(work: Work<T>, terminal: Terminal): T {
  let shown = -1
  for (;;) {
    const step = work.next()
    if (step.done === true) {
      if (shown >= 0) terminal.err('\r       \r')
      return step.value
    }
    const percent = Math.floor(step.value * 100)
    if (!terminal.interactive || percent <= shown) continue
    shown = percent
    terminal.err(`\r${String(percent).padStart(3)} %`)
  }
}
