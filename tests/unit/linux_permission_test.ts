import assert from "node:assert/strict";
import fc from "fast-check";
import { explainAccess, explainInvisible } from "../../src/ffi/linux_permission.ts";
import type { AccessFacts } from "../../src/ffi/linux_permission.ts";

/** A user and a process of theirs, on a machine that refuses for no known reason. */
const FACTS: AccessFacts = {
  pid: 1234,
  ourUid: 1000,
  targetUid: 1000,
  hasPtraceCapability: false,
  yamaScope: 0,
  inContainer: false,
  inKubernetes: false,
  otherUserNamespace: false,
  ownUserNamespace: false,
  hidesProcesses: false,
  commandLine: "/usr/bin/pyspy dump -p 1234",
};
const ROOT = { ourUid: 0, targetUid: 0 };
const SUDO = "sudo /usr/bin/pyspy dump -p 1234";

const CASES: readonly [name: string, facts: Partial<AccessFacts>, cause: RegExp, remedy: RegExp][] = [
  ["Yama 3", { yamaScope: 3 }, /ptrace_scope is 3/, /remove kernel\.yama\.ptrace_scope=3 .*restart/],
  ["Yama 3, as root", { ...ROOT, hasPtraceCapability: true, yamaScope: 3 }, /ptrace_scope is 3/, /restart/],
  [
    "root without the capability",
    ROOT,
    /root, but without the capability SYS_PTRACE$/,
    /capability CAP_SYS_PTRACE/,
  ],
  [
    "root in a container",
    { ...ROOT, inContainer: true },
    /as usual in a container/,
    /--cap-add SYS_PTRACE[^]*on the host/,
  ],
  [
    "root in Kubernetes",
    { ...ROOT, inContainer: true, inKubernetes: true },
    /as usual in a container/,
    /securityContext:.*SYS_PTRACE[^]*kubectl debug .* pyspy dump -p 1234/,
  ],
  [
    "another user namespace",
    { otherUserNamespace: true, targetUid: 7 },
    /another user namespace/,
    new RegExp(`^${SUDO}$`),
  ],
  [
    "root of a user namespace",
    { ...ROOT, hasPtraceCapability: true, ownUserNamespace: true },
    /outside of our user namespace/,
    /as root on the host/,
  ],
  ["hidepid=1", { hidesProcesses: true, targetUid: undefined }, /hidepid/, new RegExp(`^${SUDO}$`)],
  ["another user", { targetUid: 7 }, /another user \(uid 7, ours is 1000\)/, new RegExp(`^${SUDO}$`)],
  ["another user, also with Yama", { targetUid: 7, yamaScope: 1 }, /another user/, new RegExp(`^${SUDO}$`)],
  ["Yama 2", { yamaScope: 2 }, /ptrace_scope is 2/, new RegExp(`^${SUDO}$`)],
  [
    "Yama 1",
    { yamaScope: 1 },
    /ptrace_scope is 1/,
    /^sudo [^]*pyspy record -- python app\.py[^]*ptrace_scope=0$/,
  ],
  ["no reason known", {}, /permission denied; .*PR_SET_DUMPABLE/, new RegExp(`^${SUDO}$`)],
  ["no Yama in the kernel", { yamaScope: undefined }, /permission denied/, /sudo/],
  ["a process that has just ended", { targetUid: undefined }, /permission denied/, /sudo/],
  [
    "root with all that is needed",
    { ...ROOT, hasPtraceCapability: true },
    /permission denied/,
    /on the host.*seccomp and LSM/,
  ],
  [
    "root and a container's user",
    { ...ROOT, hasPtraceCapability: true, targetUid: 7 },
    /permission denied/,
    /on the host/,
  ],
];

for (const [name, facts, cause, remedy] of CASES) {
  Deno.test(`a denial is explained: ${name}`, () => {
    const explained = explainAccess({ ...FACTS, ...facts });
    assert.match(explained.cause, cause);
    assert.match(explained.remedy, remedy);
  });
}

Deno.test("root is never told to use sudo, and every remedy is more than nothing", () => {
  const facts = fc.record({
    pid: fc.constant(1),
    ourUid: fc.constantFrom(0, 1000),
    targetUid: fc.constantFrom(0, 7, 1000, undefined),
    hasPtraceCapability: fc.boolean(),
    yamaScope: fc.constantFrom(0, 1, 2, 3, undefined),
    inContainer: fc.boolean(),
    inKubernetes: fc.boolean(),
    otherUserNamespace: fc.boolean(),
    ownUserNamespace: fc.boolean(),
    hidesProcesses: fc.boolean(),
    commandLine: fc.constant("pyspy dump"),
  });
  fc.assert(
    fc.property(facts, (one) => {
      const { cause, remedy } = explainAccess(one);
      assert.ok(cause.length > 10 && remedy.length > 10);
      if (one.ourUid === 0) assert.doesNotMatch(remedy, /sudo/);
      if (one.ourUid === 0) assert.doesNotMatch(explainInvisible(one).remedy ?? "", /sudo/);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a process that is not to be seen: no such process, unless /proc hides those of others", () => {
  assert.deepEqual(explainInvisible(FACTS), { cause: "there is no such process", remedy: undefined });
  assert.match(
    explainInvisible({ ...FACTS, inContainer: true }).remedy!,
    /pid that it has in this container/,
  );
  const hidden = explainInvisible({ ...FACTS, hidesProcesses: true });
  assert.match(hidden.cause, /no such process, or it is another user's: .*hidepid/);
  assert.equal(hidden.remedy, SUDO);
  assert.equal(
    explainInvisible({ ...FACTS, ...ROOT, hidesProcesses: true }).cause,
    "there is no such process",
  );
});
