import type { Command } from 'commander'
import { z } from 'zod'
import { moneyText } from '../../protocol/money-text.ts'
import type { FoundOrder, RefundInfo } from '../../protocol/results.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { table } from './tables.ts'
import type { Terminal } from './terminal.ts'

const refundSchema = z.object({ amount: z.string().optional(), requestId: z.string().optional() })

/** `sluice orders find | refund`. */
export function addRefundCommands(orders: Command, terminal: Terminal): void {
  const find = addNodeCommand(orders, 'find <order>', 'what is known of one order and of its refunds, however long ago it was paid')
  find.action(async (order: string) => {
    const options = readNodeOptions(find)
    const found = await withNode(options, terminal, (rpc) => rpc.orderFind(order))
    print(found, found.refunds, options.json === true, terminal)
  })

  const refund = addNodeCommand(orders, 'refund <order>', 'give back what was paid for an order, or a part of it')
    .option('--amount <minor>', 'so much of it, in minor units (cents); all that is left without this')
    .option('--request-id <id>', 'the same id as before, to learn what became of that request instead of making another')
  refund.action(async (order: string) => {
    const options = readNodeOptions(refund)
    const { amount, requestId } = refundSchema.parse(refund.opts())
    const amountMinor = amount === undefined ? {} : { amountMinor: amountOf(amount) }
    const request = requestId === undefined ? {} : { requestId }
    const refunded = await withNode(options, terminal, (rpc) => rpc.orderRefund(order, { ...amountMinor, ...request }))
    print(refunded, [refunded.refund], options.json === true, terminal)
  })
}

function amountOf(text: string): number {
  const amount = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (amount < 1) throw new CommandFault(`--amount: ${JSON.stringify(text)} must be a whole number of minor units, from 1 on`)
  return amount
}

function print(found: FoundOrder, refunds: readonly RefundInfo[], json: boolean, terminal: Terminal): void {
  if (json) return terminal.out(`${JSON.stringify(found)}\n`)
  const { order, state, user, qty, amountMinor, currency, refundedMinor = 0 } = found
  const headings = ['order', 'state', 'user', 'qty', 'amount', 'given back']
  const row = [order, state, user, qty, moneyText(amountMinor, currency), moneyText(refundedMinor, currency)]
  terminal.out(table(terminal, headings, [row]))
  if (refunds.length === 0) return
  const rows = refunds.map((one) => [one.refund, one.state, moneyText(one.amountMinor, currency), new Date(one.updatedAt).toISOString()])
  terminal.out(table(terminal, ['refund', 'state', 'amount', 'at'], rows))
}
