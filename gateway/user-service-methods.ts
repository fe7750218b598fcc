import { decodePlain } from '../cluster/call-codec.ts'
import type { Calls } from '../cluster/calls.ts'
import { op } from '../protocol/entry.ts'
import type { UserId } from '../protocol/ids.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import type { UserInfo } from '../protocol/results.ts'
import type { ChangeContent } from './audit-content.ts'
import type { Forwarder } from './forwarder.ts'
import type { Call, MethodBody, UserCall } from './method.ts'
import { InfoRefused, type UserInfos } from './user-infos.ts'

export interface UserServiceParts {
  readonly forwarder: Forwarder
  readonly calls: Calls
  readonly infos: UserInfos
}

const pageMost = 100
const pageDefault = 20
const noInfo: UserInfo = { displayName: null, tier: null }

/** Methods that tell of a user as the shop's customer; what they have in a sale is told elsewhere. */
export function userServiceMethods(parts: UserServiceParts): readonly MethodBody[] {
  const { forwarder, infos } = parts
  return [
    {
      name: 'user.get',
      role: 'user',
      tellsOfBanned: true,
      run: (call) => {
        call.params.end()
        // Operators see what the session knows besides, so they ask the session.
        if (call.connection.identity.role === 'operator') return forwarder.toSession(call, { op: op.userGet, user: call.user })
        return answerInfo(infos, call)
      },
    },
    {
      name: 'user.history',
      role: 'user',
      tellsOfBanned: true,
      run: (call) => {
        const { params, user } = call
        const after = params.mark()
        const limit = params.integer('limit', 1, pageMost, pageDefault)
        params.end()
        forwarder.toSession(call, { op: op.userHistory, user, payload: packInner({ after, limit }) })
      },
    },
    {
      name: 'user.set',
      role: 'service',
      change: infoContent,
      run: (call) => {
        const user = call.params.user()
        const info = call.params.userInfo()
        call.params.end()
        return setInfo(parts, call, user, info)
      },
    },
  ]
}

/** What is said of them is for the shop to keep. */
const infoContent: ChangeContent = ([user = null, info = null], pseudonymOf) => ({
  params: {
    user: typeof user === 'string' ? pseudonymOf(user) : null,
    fields: typeof info === 'object' && info !== null ? Object.keys(info) : null,
  },
})

async function setInfo({ calls, infos }: UserServiceParts, call: Call, user: UserId, info: Partial<UserInfo>): Promise<void> {
  const { error, result } = await calls.request(
    'ses',
    calls.shardOfText(user),
    { op: op.userSet, user, payload: packInner(info) },
    decodePlain<Plain>,
  )
  if (error !== null) return call.refusal(error)
  infos.changed(user)
  call.result(result)
}

async function answerInfo(infos: UserInfos, call: UserCall): Promise<void> {
  try {
    const info = (await infos.get(call.user)) ?? noInfo
    call.result({ user: call.user, ...info })
  } catch (error) {
    if (!(error instanceof InfoRefused)) throw error
    call.refusal(error.refusal)
  }
}
