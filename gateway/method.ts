import type { Code, Refusal } from '../protocol/codes.ts'
import type { UserId } from '../protocol/ids.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { ChangeContent } from './audit-content.ts'
import type { Connection } from './connection.ts'
import type { Params } from './params.ts'

/** One call on its way through the gateway's general path. It is answered once, now or later. */
export interface Call {
  readonly connection: Connection
  readonly msgid: number
  readonly method: Method
  readonly params: Params
  result(result: Plain): void
  refuse(code: Code, message?: string, retryAfterMs?: number): void
  refusal(refusal: Refusal): void
  /** For the audit log: what was so before it, and is now. */
  changed(before: Plain, after: Plain): void
}

export interface UserCall extends Call {
  /** Whom the call acts for. */
  readonly user: UserId
}

/**
 * Who may call it: `public` anyone, `user` a user or a service that names one, `service` services and operators, `operator` operators. `run` reads the params (throwing `Malformed`), then answers or sees to
 * it that the call is answered; a promise says that the answer comes when it resolves.
 */
export type MethodBody =
  | {
      readonly name: string
      readonly role: 'user'
      /** Services may ask it about users who are banned. */
      readonly tellsOfBanned?: true
      readonly run: (call: UserCall) => void | Promise<void>
    }
  | {
      readonly name: string
      readonly role: 'service' | 'operator'
      /** Of a method that changes something: what of its params the audit log keeps. It is answered when its promise resolves, and not by others. */
      readonly change?: ChangeContent
      readonly run: (call: Call) => void | Promise<void>
    }
  | {
      readonly name: string
      readonly role: 'public'
      /** Services may put the user they act for in front of this many params, as in any other method. */
      readonly paramsMax: number
      readonly run: (call: Call) => void | Promise<void>
    }

/** `index` is the row in the counters; 0 stands for calls of methods that do not exist. */
export type Method = MethodBody & { readonly index: number }

export type MethodTable = ReadonlyMap<string, Method>

/** Numbers the methods of several groups into one table. */
export function methodTable(...groups: readonly (readonly MethodBody[])[]): MethodTable {
  return new Map(groups.flat().map((method, index) => [method.name, { ...method, index: index + 1 }]))
}
