import { importVisitors } from './imports.mjs'

// Time, chance and the process come in through World (cluster/world.ts), so that a simulation can own them.
const forbiddenGlobals = new Set(['setTimeout', 'setInterval', 'setImmediate', 'performance', 'process'])
const forbiddenMembers = { Date: ['now'], Math: ['random'], crypto: ['getRandomValues', 'randomUUID'] }
const forbiddenModules = ['process', 'timers', 'timers/promises', 'perf_hooks']
const randomOfCrypto = new Set(['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'getRandomValues', 'webcrypto'])

const instead = 'take it from World (cluster/world.ts)'

export const worldOnly = {
  create(context) {
    const report = (node, what) => context.report({ node, message: `${what} is for entry files: ${instead}.` })
    const isGlobal = (node) => node?.type === 'Identifier' && resolvesToGlobal(context.sourceCode, node)
    return {
      ...importVisitors((node, specifier, typeOnly) => {
        const name = specifier.replace(/^node:/, '')
        if (!typeOnly && forbiddenModules.includes(name)) report(node, specifier)
      }),
      ImportSpecifier(node) {
        const crypto = /^(node:)?crypto$/.test(node.parent.source.value)
        if (crypto && randomOfCrypto.has(node.imported.name)) report(node, `${node.imported.name} of node:crypto`)
      },
      Identifier(node) {
        if (forbiddenGlobals.has(node.name) && isGlobal(node)) report(node, node.name)
      },
      MemberExpression(node) {
        const owner = ofGlobalThis(node.object, isGlobal)
          ? node.object.property?.name
          : isGlobal(node.object)
            ? node.object.name
            : undefined
        const member = node.computed ? node.property.value : node.property.name
        if (owner !== undefined && Object.hasOwn(forbiddenMembers, owner) && forbiddenMembers[owner].includes(member))
          report(node, `${owner}.${member}`)
        if (isGlobal(node.object) && node.object.name === 'globalThis' && forbiddenGlobals.has(member)) report(node, `globalThis.${member}`)
      },
      NewExpression(node) {
        if (isGlobal(node.callee) && node.callee.name === 'Date' && node.arguments.length === 0) report(node, 'new Date()')
      },
      CallExpression(node) {
        if (isGlobal(node.callee) && node.callee.name === 'Date') report(node, 'Date()')
      },
    }
  },
}

function ofGlobalThis(node, isGlobal) {
  return node.type === 'MemberExpression' && isGlobal(node.object) && node.object.name === 'globalThis'
}

/** True for a use of a global value: not a property's name, a declaration, a type, or something of the same name declared in this file. */
function resolvesToGlobal(sourceCode, node) {
  for (let scope = sourceCode.getScope(node); scope !== null; scope = scope.upper) {
    const reference = scope.references.find((one) => one.identifier === node)
    if (reference !== undefined)
      return reference.isValueReference !== false && (reference.resolved === null || reference.resolved.defs.length === 0)
  }
  return false
}
