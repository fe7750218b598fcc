import type { Command } from 'commander'
import { z } from 'zod'
import { decodeSales } from '../../protocol/client/result-decoders.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { moneyText } from '../../protocol/money-text.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { SaleInfo } from '../../protocol/results.ts'
import { addNodeCommand, type NodeOptions, readNodeOptions, withNode } from './connection.ts'
import { readSaleFile } from './sale-file.ts'
import { table, timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'
import { addUpdateCommand } from './update-command.ts'

/** `sluice sale create | update | list | open | pause | resume | close`. */
export function addSaleCommands(program: Command, terminal: Terminal): void {
  const sale = program.command('sale').description('create and run sales')

  const create = addNodeCommand(sale, 'create', 'create a sale; the same file twice changes nothing')
  create.requiredOption('--file <file>', 'the sale as JSON; - reads standard input')
  create.action(() => createSale(readNodeOptions(create), fileOption.parse(create.opts()).file, terminal))

  addUpdateCommand(sale, terminal)

  const list = addNodeCommand(sale, 'list', 'list all sales with the stock of each SKU')
  list.action(() => listSales(readNodeOptions(list), terminal))

  for (const { name, what, done, ask } of changes) {
    const change = addNodeCommand(sale, `${name} <sale>`, what)
    change.action(async (id: string) => {
      const options = readNodeOptions(change)
      const result = await withNode(options, terminal, (rpc) => ask(rpc, id))
      terminal.out(options.json === true ? `${JSON.stringify(result)}\n` : `sale ${id} ${done}\n`)
    })
  }
}

const fileOption = z.object({ file: z.string() })

interface Change {
  readonly name: string
  readonly what: string
  readonly done: string
  readonly ask: (rpc: RpcClient, id: string) => Promise<Plain>
}

const changes: readonly Change[] = [
  { name: 'open', what: 'open a sale now', done: 'is open', ask: (rpc, id) => rpc.saleOpen(id) },
  { name: 'pause', what: 'stop new holds; places and holds are kept', done: 'is paused', ask: (rpc, id) => rpc.salePause(id) },
  { name: 'resume', what: 'go on after a pause', done: 'goes on', ask: (rpc, id) => rpc.saleResume(id) },
  { name: 'close', what: 'end a sale: tickets end, holds and orders run out', done: 'is closed', ask: (rpc, id) => rpc.saleClose(id) },
]

async function createSale(options: NodeOptions, path: string, terminal: Terminal): Promise<void> {
  const file = await readSaleFile(path, terminal)
  const result = await withNode(options, terminal, (rpc) => rpc.saleCreate(file))
  if (options.json === true) {
    terminal.out(`${JSON.stringify(result)}\n`)
    return
  }
  terminal.out(
    `sale ${file.sale} stands: ${file.skus.length} ${file.skus.length === 1 ? 'SKU' : 'SKUs'}, opens ${timeText(file.opensAt)}\n`,
  )
  const rows = file.skus.map((sku) => [sku.sku, sku.title, moneyText(sku.priceMinor, sku.currency), sku.stock, sku.perUserMax])
  terminal.out(table(terminal, ['SKU', 'title', 'price', 'stock', 'per user'], rows))
}

async function listSales(options: NodeOptions, terminal: Terminal): Promise<void> {
  const sales = await withNode(options, terminal, async (rpc) => decodeSales(await rpc.call('sale.list', [], { repeat: true })))
  if (options.json === true) terminal.out(`${JSON.stringify(sales)}\n`)
  else terminal.out(sales.length === 0 ? 'no sales yet; sluice sale create makes one\n' : saleTable(terminal, sales))
}

function saleTable(terminal: Terminal, sales: readonly SaleInfo[]): string {
  const rows = sales.flatMap(({ sale, state, opensAt, skus }) =>
    skus.map((one) => [sale, state, timeText(opensAt), one.sku, one.state, one.available, one.held, one.ordered, one.sold, one.waiting]),
  )
  return table(terminal, ['sale', 'state', 'opens', 'SKU', 'SKU state', 'available', 'held', 'ordered', 'sold', 'waiting'], rows)
}
