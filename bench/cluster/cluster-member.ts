import type { ServerCommand, ServerProcess } from '../servers/server-process.ts'

export const roles = ['gateway', 'actors', 'orders'] as const
export type Role = (typeof roles)[number]
export type Kind = Role | 'server'

/** 0 for those that it has not. */
export interface MemberPorts {
  readonly web: number
  readonly ops: number
  readonly rpc: number
  /** Of NATS or Redis. */
  readonly server: number
}

/** What a process says when it is ready. */
export interface Ready {
  readonly ports: MemberPorts
  /** What other nodes call it; servers have none. */
  readonly node?: string
}

/** One process of a cluster that is up. */
export interface Member extends Ready {
  readonly name: string
  readonly kind: Kind
  readonly logPath: string
  readonly process: ServerProcess
}

/** Starts a process and resolves when a line of it says that it is ready. */
export type Launch = (command: ServerCommand & { readonly kind: Kind }, readyFrom: (line: string) => Ready | undefined) => Promise<Member>

/** Unlike `Promise.all`, leaves none under way when one has failed, so that everything which was started is known. */
export async function together<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
