import { type CallResult, decodePlain } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import { PlainReader } from '../protocol/client/plain-reader.ts'
import { op } from '../protocol/entry.ts'
import type { UserId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { named } from './audit-content.ts'
import type { Call, MethodBody } from './method.ts'
import type { UserInfos } from './user-infos.ts'

export interface EraseParts {
  readonly calls: Calls
  /** Of inventory; all are asked, for a view may not know yet of a SKU that has just been made. */
  readonly shards: number
  readonly infos: UserInfos
}

/**
 * `user.erase`: every shard that knows the user puts a pseudonym in their place, the session last. First all are asked whether they could, so that mostly all do or none; repeating it
 * completes what was begun.
 */
export function eraseMethods(parts: EraseParts): readonly MethodBody[] {
  return [
    {
      name: 'user.erase',
      role: 'service',
      change: named('user'),
      run: async (call) => {
        const user = call.params.user()
        call.params.end()
        if (await refused(parts, call, user, true)) return
        if (await refused(parts, call, user, false)) return
        const { error, result } = await session(parts, user, false)
        if (error !== null) return call.refusal(error)
        parts.infos.changed(user)
        const erased = new PlainReader(result, 'erasure')
        call.result({ pseudonym: erased.text('pseudonym'), connected: erased.flag('isConnected') })
      },
    },
  ]
}

/** The shards of SKUs say whether they can, or that they have; and the session whether it could. The first no is the answer to the call. */
async function refused(parts: EraseParts, call: Call, user: UserId, check: boolean): Promise<boolean> {
  const { calls, shards } = parts
  const payload = packInner({ check })
  const asked = Array.from({ length: shards }, (_, shard) =>
    calls.request('inv', shard, { op: op.userErase, user, payload }, decodePlain<Plain>),
  )
  if (check) asked.push(session(parts, user, true))
  const no = (await Promise.all(asked)).find(({ error }) => error !== null)?.error
  if (no === null || no === undefined) return false
  call.refusal(no)
  return true
}

function session({ calls }: EraseParts, user: UserId, check: boolean): Promise<CallResult<Plain>> {
  return calls.request('ses', calls.shardOfText(user), { op: op.userErase, user, payload: packInner({ check }) }, decodePlain<Plain>)
}
