import type { Command } from 'commander'
import { z } from 'zod'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import { table, timeText } from './tables.ts'
import type { Terminal } from './terminal.ts'

const banSchema = z.object({
  kind: z.string(),
  target: z.string(),
  until: z.int().nullable(),
  reason: z.string(),
  bannedAt: z.int(),
})
const listSchema = z.object({ total: z.int(), bans: z.array(banSchema) })
const removedSchema = z.object({ kind: z.string(), target: z.string(), removed: z.boolean() })
const banOptionsSchema = z.object({ for: z.string().optional(), until: z.string().optional(), reason: z.string().optional() })

type Ban = z.output<typeof banSchema>

/** `sluice ban user | range | list | remove`. */
export function addBanCommands(program: Command, terminal: Terminal, now: () => number): void {
  const ban = program.command('ban').description('keep users and ranges of addresses out, on all gateways at once')

  for (const [kind, usage, description] of [
    ['user', 'user <user>', 'keep a user out; what they have in line, held or ordered is left as it is'],
    ['range', 'range <range>', 'keep out who comes from an address or a network, such as 203.0.113.0/24 or 2001:db8::/48'],
  ] as const) {
    const add = addNodeCommand(ban, usage, description)
      .option('--for <time>', 'for so long, such as 30m, 12h or 7d; for good without this and --until')
      .option('--until <time>', 'until then, in ISO 8601, such as 2026-01-31T10:00:00Z')
      .option('--reason <text>', 'shown to operators')
    add.action(async (target: string) => {
      const options = readNodeOptions(add)
      const { for: duration, until, reason } = banOptionsSchema.parse(add.opts())
      const params: Plain[] = [kind, target, untilOf(duration, until, now()), reason ?? null]
      const added = banSchema.parse(await withNode(options, terminal, (rpc) => rpc.call('ban.add', params, { repeat: true })))
      terminal.out(options.json === true ? `${JSON.stringify(added)}\n` : bansTable([added], terminal))
    })
  }

  const list = addNodeCommand(ban, 'list', 'who is kept out')
  list.action(async () => {
    const options = readNodeOptions(list)
    const bans = await withNode(options, terminal, async (rpc) => {
      const found: Ban[] = []
      for (;;) {
        const part = listSchema.parse(await rpc.call('ban.list', [found.length], { repeat: true }))
        found.push(...part.bans)
        if (part.bans.length === 0 || found.length >= part.total) return found
      }
    })
    terminal.out(options.json === true ? `${JSON.stringify(bans)}\n` : bansTable(bans, terminal))
  })

  const remove = addNodeCommand(
    ban,
    'remove <kind> <target>',
    'let a user or a range in again; kind is user or range, target as ban list shows it',
  )
  remove.action(async (kind: string, target: string) => {
    const options = readNodeOptions(remove)
    const removed = removedSchema.parse(
      await withNode(options, terminal, (rpc) => rpc.call('ban.remove', [kind, target], { repeat: true })),
    )
    const outcome = removed.removed ? 'is let in again' : 'was not banned'
    terminal.out(options.json === true ? `${JSON.stringify(removed)}\n` : `${removed.kind} ${removed.target} ${outcome}\n`)
  })
}

const unitMs = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

function untilOf(duration: string | undefined, until: string | undefined, now: number): number | null {
  if (duration !== undefined && until !== undefined) throw new CommandFault('--for and --until: choose one of them')
  if (duration !== undefined) {
    const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(duration) ?? []
    const ms = Number(count) * (unitMs.get(unit) ?? 0)
    if (!(ms > 0)) throw new CommandFault(`--for: ${JSON.stringify(duration)} must be a number with s, m, h or d, such as 12h`)
    return now + ms
  }
  if (until === undefined) return null
  const parsed = z.iso.datetime({ offset: true }).safeParse(until)
  if (!parsed.success)
    throw new CommandFault(`--until: ${JSON.stringify(until)} must be an ISO 8601 time with its offset, such as 2026-01-31T10:00:00Z`)
  return Date.parse(parsed.data)
}

function bansTable(bans: readonly Ban[], terminal: Terminal): string {
  if (bans.length === 0) return 'nobody is banned\n'
  const rows = bans.map(({ kind, target, until, reason, bannedAt }) => [
    kind,
    target,
    timeText(bannedAt),
    until === null ? 'for good' : timeText(until),
    reason === '' ? '-' : reason,
  ])
  return table(terminal, ['kind', 'banned', 'since', 'until', 'reason'], rows)
}
