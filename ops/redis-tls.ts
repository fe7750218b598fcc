import type { RedisTls } from '../cluster/redis.ts'
import { readCertificate, readKeyPair } from './certificate-files.ts'
import type { Settings } from './settings.ts'

/** What the settings give to speak TLS with Redis, read and checked; undefined if nothing. Rejects with a `StartFault`. */
export async function readRedisTls(
  settings: Pick<Settings, 'redisCaFile' | 'redisCertFile' | 'redisKeyFile'>,
): Promise<RedisTls | undefined> {
  const { redisCaFile, redisCertFile, redisKeyFile } = settings
  if (redisCaFile === '' && redisCertFile === '') return undefined
  const pair =
    redisCertFile === ''
      ? undefined
      : await readKeyPair({ setting: 'redisCertFile', path: redisCertFile }, { setting: 'redisKeyFile', path: redisKeyFile })
  return {
    ...(redisCaFile === '' ? {} : { ca: await readCertificate({ setting: 'redisCaFile', path: redisCaFile }) }),
    ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key }),
  }
}
