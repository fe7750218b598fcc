import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { fetchProof } from '../fetch-proof.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { plainText } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

const outSchema = z.object({ out: z.string() })

/** `sluice draw beacon | proof`. */
export function addDrawNodeCommands(draw: Command, terminal: Terminal): void {
  const beacon = addNodeCommand(
    draw,
    'beacon <sku> <round> <value>',
    'give a draw the value of its beacon, in hex, once the lobby has closed',
  )
  beacon.action(async (sku: string, round: string, value: string) => {
    const options = readNodeOptions(beacon)
    if (!/^\d{1,15}$/.test(round)) throw new CommandFault(`round: ${JSON.stringify(round)} must be a whole number`)
    const result = await withNode(options, terminal, (rpc) => rpc.drawBeacon(sku, Number(round), value))
    terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : plainText({ ...result }, terminal))
  })

  const proof = addNodeCommand(draw, 'proof <sku>', 'write the proof of a draw that is over, seed and all, for sluice draw verify')
  proof.requiredOption('--out <file>', 'where to write it')
  proof.action(async (sku: string) => {
    const { out } = outSchema.parse(proof.opts())
    const whole = await withNode(readNodeOptions(proof), terminal, (rpc) => fetchProof(rpc, sku))
    try {
      await writeFile(resolve(terminal.workingFolder, out), `${JSON.stringify(whole)}\n`)
    } catch (error) {
      throw new CommandFault(`${out} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
    terminal.out(`the proof of the draw of ${sku} is in ${out}; anyone can check it: sluice draw verify --file ${out}\n`)
  })
}
