import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { StartFault } from '../start-fault.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { plainText } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

const outSchema = z.object({ out: z.string() })
/** Of a page: the head is the same on all, `roster` and `order` are its part of the whole. */
const pageSchema = z.looseObject({ size: z.int().min(0), roster: z.array(z.string()), order: z.array(z.int()) })

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
    const result = await withNode(options, terminal, (rpc) => rpc.call('draw.beacon', [sku, Number(round), value], { repeat: true }))
    terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : plainText(result, terminal))
  })

  const proof = addNodeCommand(draw, 'proof <sku>', 'write the proof of a draw that is over, seed and all, for sluice draw verify')
  proof.requiredOption('--out <file>', 'where to write it')
  proof.action(async (sku: string) => {
    const { out } = outSchema.parse(proof.opts())
    const whole = await withNode(readNodeOptions(proof), terminal, (rpc) => readPages(rpc, sku))
    try {
      await writeFile(resolve(terminal.workingFolder, out), `${JSON.stringify(whole)}\n`)
    } catch (error) {
      throw new CommandFault(`${out} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
    terminal.out(`the proof of the draw of ${sku} is in ${out}; anyone can check it: sluice draw verify --file ${out}\n`)
  })
}

async function readPages(rpc: RpcClient, sku: string): Promise<object> {
  const roster: string[] = []
  const order: number[] = []
  for (;;) {
    const {
      size,
      roster: ids,
      order: places,
      ...head
    } = pageSchema.parse(await rpc.call('draw.proof', [sku, roster.length], { repeat: true }))
    roster.push(...ids)
    order.push(...places)
    if (roster.length >= size) return { ...head, roster, order }
    if (ids.length === 0) throw new StartFault(`the node has ${size} entries and gave ${roster.length}`)
  }
}
