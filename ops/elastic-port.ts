import type { RemoteIndex } from '../cluster/search-index.ts'
import type { World } from '../cluster/world.ts'
import { readCertificate } from './certificate-files.ts'
import type { Closers } from './closers.ts'
import type { Config } from './config.ts'

/** The index that all gateways share, if there is one. Rejects with a `StartFault` if a file cannot be used; whether it answers is seen later. */
export async function openElastic(config: Config, world: World, closers: Closers): Promise<RemoteIndex | undefined> {
  const { elasticUrl: url, elasticKey: key, elasticCaFile } = config
  if (url === undefined) return undefined
  const ca = elasticCaFile === '' ? undefined : await readCertificate({ setting: 'elasticCaFile', path: elasticCaFile })
  // Its client takes a quarter of a second to load, which whoever does without it does not pay.
  const { ElasticIndex } = await import('../cluster/elastic-index.ts')
  const index = new ElasticIndex({ url, key, ca, world })
  closers.add(() => index.close())
  return index
}
