import type { BanTable } from './ban-table.ts'
import type { Connection } from './connection.ts'
import type { IdentityCheck } from './identity.ts'

/** Whoever is kept out from now on and is here already. On loopback without a key (`rpcOpen`) everyone is an operator, who has to be able to take a ban back. */
export function* bannedAmong(connections: Iterable<Connection>, table: BanTable, rpcOpen: boolean): Generator<Connection> {
  if (table.all.length === 0) return
  for (const connection of connections) {
    const { identity, transport, address } = connection
    const isOwn = transport === 'rpc' && rpcOpen
    if ((identity.role === 'user' && table.hasUser(identity.user)) || (!isOwn && table.hasAddress(address))) yield connection
  }
}

/** Whose token has run out, or what it was signed with, or whose key counts no more. */
export function* expiredAmong(
  connections: Iterable<Connection>,
  identities: IdentityCheck | undefined,
  now: number,
): Generator<Connection> {
  for (const connection of connections) {
    const { identity } = connection
    const isOver = identity.role === 'user' && identity.expiresAt <= now
    if (isOver || identities?.stands(identity) === false) yield connection
  }
}
