import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { moneyText } from '../../protocol/money-text.ts'
import { counted } from '../counted.ts'
import type { JournalSource } from '../journal/journal-audit.ts'
import { isOrderState, type JournaledOrder, orderStates } from '../orders/journaled-order.ts'
import { readLedger } from '../orders/ledger-file.ts'
import { orderHead, orderLine } from '../orders/order-lines.ts'
import { readOrders } from '../orders/read-orders.ts'
import { type Difference, Reconciliation } from '../orders/reconciliation.ts'
import { StartFault } from '../start-fault.ts'
import { addDeadOrderCommands } from './dead-order-commands.ts'
import { addJournalOption, withJournal } from './journal-place.ts'
import { Portions } from './portions.ts'
import { addRefundCommands } from './refund-commands.ts'
import type { Terminal } from './terminal.ts'

const exportSchema = z.object({ csv: z.boolean().default(false), state: z.array(z.enum(orderStates)).default([...orderStates]) })
const reconcileSchema = z.object({ ledger: z.string(), json: z.boolean().default(false) })

/** `sluice orders export | reconcile | find | refund | dead | retry`. */
export function addOrdersCommands(program: Command, terminal: Terminal): void {
  const orders = program.command('orders').description('orders: what the journal has of them, and those that are stuck')

  const exported = addJournalOption(orders.command('export'))
    .description('print every order in the journal with its last state; the order id is what to deduplicate by')
    .addOption(new Option('--jsonl', 'a line of JSON each, which is the default').conflicts('csv'))
    .option('--csv', 'comma-separated values under a line of names')
    .option('--state <states>', `only orders in these states, with commas between: ${orderStates.join(', ')}`, statesOf)
  exported.action(() => withJournal(exported, terminal, (source) => exportOrders(source, exportSchema.parse(exported.opts()), terminal)))

  const reconcile = addJournalOption(orders.command('reconcile'))
    .description("hold the payment provider's ledger against the journal and list every order on which they disagree")
    .requiredOption('--ledger <file>', 'money that the provider moved, as JSON lines or CSV (docs/payment-provider.md)')
    .option('--json', 'print a line of JSON for each difference')
  reconcile.action(() =>
    withJournal(reconcile, terminal, (source) => reconcileOrders(source, reconcileSchema.parse(reconcile.opts()), terminal)),
  )
  addRefundCommands(orders, terminal)
  addDeadOrderCommands(orders, terminal)
}

async function exportOrders(source: JournalSource, options: z.output<typeof exportSchema>, terminal: Terminal): Promise<void> {
  const format = options.csv ? 'csv' : 'jsonl'
  const wanted = new Set<JournaledOrder['state']>(options.state)
  const out = new Portions((text) => terminal.out(text))
  out.write(orderHead(format))
  for await (const order of readOrders(source, (shard, events) => complain(terminal, shard, events))) {
    if (wanted.has(order.state)) out.write(orderLine(format, order))
  }
  out.flush()
}

async function reconcileOrders(source: JournalSource, options: z.output<typeof reconcileSchema>, terminal: Terminal): Promise<void> {
  const reconciliation = new Reconciliation(await readLedger(resolve(terminal.workingFolder, options.ledger)))
  const out = new Portions((text) => terminal.out(text))
  const print = (difference: Difference): void => out.write(`${options.json ? JSON.stringify(difference) : differenceText(difference)}\n`)
  for await (const order of readOrders(source, (shard, events) => complain(terminal, shard, events))) {
    for (const difference of reconciliation.judge(order)) print(difference)
  }
  for (const difference of reconciliation.rest()) print(difference)
  const { orders, agreeing, open, differences } = reconciliation.counts
  if (!options.json) out.write(`${counted(orders, 'order')}: ${agreeing} agree, ${open} open, ${counted(differences, 'difference')}\n`)
  out.flush()
  if (differences > 0) throw new StartFault(`journal and ledger disagree in ${counted(differences, 'case')}`)
}

/** Part of the story is missing, which must not pass for all of it. */
function complain(terminal: Terminal, shard: string, events: number): void {
  terminal.err(
    `sluice: of ${shard} the oldest records are past the archive's time; ${counted(events, 'event')} of orders from before are left out\n`,
  )
}

function differenceText({ order, kind, state, currency, expectedMinor, keptMinor }: Difference): string {
  const here = state === undefined ? 'not in the journal' : `${state} here`
  return `${order}  ${kind}: ${here}, which makes ${moneyText(expectedMinor, currency)}; the provider has kept ${moneyText(keptMinor, currency)}`
}

function statesOf(text: string): readonly string[] {
  const states = text.split(',').map((one) => one.trim())
  const wrong = states.find((one) => !isOrderState(one))
  if (wrong !== undefined) throw new InvalidArgumentError(`${JSON.stringify(wrong)} is no state of an order.`)
  return states
}
