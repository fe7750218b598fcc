import type { Command } from 'commander'
import { z } from 'zod'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { table, timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'

const keySchema = z.object({ name: z.string(), role: z.string(), fingerprint: z.string(), from: z.string(), madeAt: z.number().nullable() })
const secretSchema = z.object({ fingerprint: z.string(), until: z.number().nullable() })
const listSchema = z.object({ keys: z.array(keySchema), userSecrets: z.array(secretSchema) })
const addedSchema = z.object({ role: z.string(), name: z.string(), fingerprint: z.string(), key: z.string() })
const rotatedSchema = z.object({ use: z.string(), fingerprint: z.string(), formerUntil: z.number(), secret: z.string() })
const rotateOptionsSchema = z.object({ overlap: z.string().optional(), given: z.boolean().default(false) })

/** `sluice keys list | add | withdraw | rotate`. */
export function addKeysCommands(program: Command, terminal: Terminal): void {
  const keys = program
    .command('keys')
    .description('keys of services and operators, and the secrets behind tokens and signatures, on all gateways at once')

  const list = addNodeCommand(keys, 'list', 'keys that count, by name and fingerprint')
  list.action(async () => {
    const options = readNodeOptions(list)
    const found = listSchema.parse(await withNode(options, terminal, (rpc) => rpc.call('keys.list', [], { repeat: true })))
    terminal.out(options.json === true ? `${JSON.stringify(found)}\n` : listTables(found, terminal))
  })

  const add = addNodeCommand(keys, 'add <role> <name>', 'a new key for a service (backend) or an operator; it is shown this once')
  add.action(async (role: string, name: string) => {
    const options = readNodeOptions(add)
    const added = addedSchema.parse(await withNode(options, terminal, (rpc) => rpc.call('keys.add', [role, name])))
    terminal.out(options.json === true ? `${JSON.stringify(added)}\n` : `${added.role} ${added.name}: ${added.key}\n`)
  })

  const withdraw = addNodeCommand(keys, 'withdraw <name>', 'a key that counts no more; whoever is connected by it is not any more')
  withdraw.action(async (name: string) => {
    const options = readNodeOptions(withdraw)
    const gone = keySchema.parse(await withNode(options, terminal, (rpc) => rpc.call('keys.withdraw', [name])))
    terminal.out(options.json === true ? `${JSON.stringify(gone)}\n` : `${gone.role} ${gone.name} counts no more\n`)
  })

  const rotate = addNodeCommand(keys, 'rotate <use>', 'another secret from now on: users (their tokens), payment or office (signatures)')
    .option('--overlap <time>', 'how long those before it are still accepted, such as 30m, 12h or 7d (default 24h); 0 for not at all')
    .option('--given', 'the new secret comes on standard input; needed for payment and office, which have to know it before')
  rotate.action(async (use: string) => {
    const options = readNodeOptions(rotate)
    const { overlap, given } = rotateOptionsSchema.parse(rotate.opts())
    const params: Plain[] = [use, overlap === undefined ? null : secondsOf(overlap), given ? (await terminal.readInput()).trim() : null]
    const rotated = rotatedSchema.parse(await withNode(options, terminal, (rpc) => rpc.call('keys.rotate', params)))
    if (options.json === true) return terminal.out(`${JSON.stringify(rotated)}\n`)
    terminal.out(`${rotated.use}: ${given ? `the secret ${rotated.fingerprint}` : rotated.secret}\n`)
    terminal.out(`those before it are accepted until ${timeText(rotated.formerUntil)}\n`)
  })
}

const unitSeconds = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
])

function secondsOf(text: string): number {
  if (text === '0') return 0
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * (unitSeconds.get(unit) ?? 0)
  if (!(seconds > 0)) throw new CommandFault(`--overlap: ${JSON.stringify(text)} must be 0, or a number with s, m, h or d, such as 12h`)
  return seconds
}

function listTables({ keys, userSecrets }: z.output<typeof listSchema>, terminal: Terminal): string {
  const rows = keys.map(({ name, role, fingerprint, from, madeAt }) => [
    name,
    role,
    fingerprint,
    from,
    madeAt === null ? '-' : timeText(madeAt),
  ])
  const secrets = userSecrets.map(({ fingerprint, until }, i) => [
    fingerprint,
    i === 0 ? 'signs and verifies' : `verifies until ${until === null ? 'it is rotated' : timeText(until)}`,
  ])
  return `${table(terminal, ['key', 'role', 'fingerprint', 'from', 'made'], rows)}\n${table(terminal, ['secret of users', ''], secrets)}`
}
