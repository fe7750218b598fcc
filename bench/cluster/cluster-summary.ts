import Table from 'cli-table3'
import type { Member, Role } from './cluster-member.ts'
import type { LocalCluster } from './local-cluster.ts'

/** What a program has to know that uses a cluster which another started. */
export interface ClusterSummary {
  /** With the logs, and in `secrets.json` the keys of services and operators and what signs tokens. */
  readonly folder: string
  readonly natsUrls: readonly string[]
  readonly redisUrl: string
  readonly gateways: readonly MemberSummary[]
  readonly actors: readonly MemberSummary[]
  readonly orders: readonly MemberSummary[]
  readonly servers: readonly MemberSummary[]
}

interface MemberSummary {
  readonly name: string
  readonly pid: number
  readonly log: string
  readonly web?: number
  readonly ops?: number
  readonly rpc?: number
  readonly port?: number
}

export function summaryOf({ folder, urls, members }: LocalCluster): ClusterSummary {
  const of = (kind: Role | 'server'): readonly MemberSummary[] => sorted(members.filter((one) => one.kind === kind)).map(memberSummary)
  return {
    folder: folder.path,
    ...urls,
    gateways: of('gateway'),
    actors: of('actors'),
    orders: of('orders'),
    servers: of('server'),
  }
}

/** The same for people. */
export function linesOf({ folder, members }: LocalCluster): string {
  const table = new Table({
    head: ['process', 'web', 'ops', 'RPC', 'port', 'pid', 'log'],
    chars: plainLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  })
  const shown = (port: number): string => (port === 0 ? '' : String(port))
  for (const { name, ports, process, logPath } of sorted(members)) {
    table.push([name, shown(ports.web), shown(ports.ops), shown(ports.rpc), shown(ports.server), String(process.pid), logPath])
  }
  const rpc = members.find(({ kind }) => kind === 'gateway')?.ports.rpc
  return [
    table.toString().replaceAll(/ +$/gm, ''),
    '',
    `Try it:  npx sluice sale create --file sale.json --rpc 127.0.0.1:${rpc} --data-folder ${folder.path}`,
    'Ctrl-C stops everything.',
    '',
  ].join('\n')
}

function memberSummary({ name, ports, process, logPath }: Member): MemberSummary {
  const { web, ops, rpc, server } = ports
  return {
    name,
    pid: process.pid,
    log: logPath,
    ...(web === 0 ? {} : { web }),
    ...(ops === 0 ? {} : { ops }),
    ...(rpc === 0 ? {} : { rpc }),
    ...(server === 0 ? {} : { port: server }),
  }
}

function sorted(members: readonly Member[]): readonly Member[] {
  return members.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

const plainLines = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: ' ' },
}
