import type { Command } from 'commander'
import { z } from 'zod'
import { orderTasks } from '../../cluster/queue.ts'
import { moneyText } from '../../protocol/money-text.ts'
import { counted } from '../counted.ts'
import { deadOrdersPath, retryPath } from '../dead-order-routes.ts'
import { settingsSchema } from '../settings.ts'
import { StartFault } from '../start-fault.ts'
import { CommandFault } from './command-fault.ts'
import { table } from './tables.ts'
import type { Terminal } from './terminal.ts'

const { opsHost, opsPort } = settingsSchema.parse({})
const usualAddress = `${opsHost}:${opsPort}`
const optionsSchema = z.object({ ops: z.string().default(usualAddress), key: z.string().optional(), json: z.boolean().default(false) })
type Options = z.output<typeof optionsSchema>

const deadSchema = z.object({
  orders: z.array(
    z.object({
      order: z.string(),
      user: z.string(),
      amountMinor: z.int(),
      currency: z.string(),
      kind: z.enum([...orderTasks, 'deliver']),
      state: z.string(),
      attempts: z.int(),
      reason: z.string(),
    }),
  ),
})
const retriedSchema = z.object({ retried: z.array(z.string()) })

/** `sluice orders dead | retry`. */
export function addDeadOrderCommands(orders: Command, terminal: Terminal): void {
  const dead = withOpsPort(orders.command('dead')).description(
    'orders that were tried in vain too often, or that the back office does not have after too long; the journal goes on with them all the same, more slowly',
  )
  dead.action(async () => {
    const options = optionsSchema.parse(dead.opts())
    const listed = deadSchema.parse(await ask(options, terminal, 'GET', deadOrdersPath))
    terminal.out(options.json ? `${JSON.stringify(listed.orders)}\n` : listText(listed.orders, terminal))
  })

  const retry = withOpsPort(orders.command('retry [orders...]'))
    .description('have dead orders tried again now')
    .option('--all', 'every one of them')
  retry.action(async (ids: readonly string[]) => {
    const options = optionsSchema.extend({ all: z.boolean().default(false) }).parse(retry.opts())
    if (options.all === ids.length > 0) throw new CommandFault('orders: name some, or say --all')
    const { retried } = retriedSchema.parse(await ask(options, terminal, 'POST', retryPath, { orders: options.all ? '*' : ids }))
    terminal.out(options.json ? `${JSON.stringify(retried)}\n` : `${counted(retried.length, 'order')} will be tried again\n`)
    const unknown = ids.filter((id) => !retried.includes(id))
    if (unknown.length > 0) throw new StartFault(`not dead: ${unknown.join(', ')}`)
  })
}

function withOpsPort(command: Command): Command {
  return command
    .option('--ops <host:port>', `ops port of a process with the role orders (default ${usualAddress})`)
    .option('--key <key>', 'operator key, which an ops port asks for that others can reach (SLUICE_KEY)')
    .option('--json', 'print the result as JSON')
}

async function ask({ ops, key }: Options, { environment }: Terminal, method: string, path: string, body?: object): Promise<unknown> {
  const url = `http://${ops}${path}`
  if (!URL.canParse(url)) throw new CommandFault(`--ops: ${JSON.stringify(ops)} must be host:port, such as ${usualAddress}`)
  const known = key ?? environment['SLUICE_KEY'] ?? ''
  const headers: Record<string, string> = known === '' ? {} : { authorization: `Bearer ${known}` }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(url, { method, headers, ...sent }).catch((error: unknown) => {
    throw new StartFault(`nobody answers on ${ops}; --ops names another`, error)
  })
  const text = await response.text()
  if (response.status === 404) throw new StartFault(`the process on ${ops} does not have the role orders`)
  if (response.status !== 200) throw new StartFault(`${ops} answers ${response.status}: ${text.trim()}`)
  return JSON.parse(text)
}

function listText(orders: z.output<typeof deadSchema>['orders'], terminal: Terminal): string {
  if (orders.length === 0) return 'no dead orders\n'
  const headings = ['order', 'state', 'user', 'wants', 'amount', 'attempts', 'reason']
  const rows = orders.map(({ order, state, user, kind, amountMinor, currency, attempts, reason }) => [
    ...[order, state, user, kind, moneyText(amountMinor, currency)],
    attempts,
    reason,
  ])
  return table(terminal, headings, rows)
}
