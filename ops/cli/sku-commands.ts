import type { Command } from 'commander'
import type { SkuStatus } from '../../protocol/results.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { table } from './tables.ts'
import type { Terminal } from './terminal.ts'

/** `sluice sku status | restock`. */
export function addSkuCommands(program: Command, terminal: Terminal): void {
  const sku = program.command('sku').description('look at stock and add to it')

  const status = addNodeCommand(sku, 'status <sku>', 'where the units of a SKU are')
  status.action(async (id: string) => {
    const options = readNodeOptions(status)
    print(await withNode(options, terminal, (rpc) => rpc.skuStatus(id)), options.json === true, terminal)
  })

  const restock = addNodeCommand(sku, 'restock <sku> <units>', 'add units to a SKU, which reopens it if it was sold out')
  restock.action(async (id: string, units: string) => {
    const options = readNodeOptions(restock)
    const count = unitsOf(units)
    print(await withNode(options, terminal, (rpc) => rpc.restock(id, count)), options.json === true, terminal)
  })
}

function unitsOf(text: string): number {
  const units = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (units < 1 || units > unitsMax) throw new CommandFault(`units: ${JSON.stringify(text)} must be a whole number from 1 to ${unitsMax}`)
  return units
}

const unitsMax = 1_000_000_000

function print(status: SkuStatus, json: boolean, terminal: Terminal): void {
  const { sku, state, available, held, ordered, sold, waiting } = status
  const headings = ['SKU', 'state', 'available', 'held', 'ordered', 'sold', 'waiting']
  const rows = [[sku, state, available, held, ordered, sold, waiting]]
  terminal.out(json ? `${JSON.stringify(status)}\n` : table(terminal, headings, rows))
}
