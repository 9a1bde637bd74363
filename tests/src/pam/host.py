"""A PAM host that prints numbers: python3 host.py PLAN, where PLAN is JSON.

It starts as many transactions as are asked for, answers each prompt with the next line that is typed (the last one
again when there are no more), and prints one JSON object: the codes of pam_authenticate, and what it saw of itself
before and after.
"""
import ctypes, json, os, resource, signal, sys, threading, time

plan = json.loads(sys.argv[1])
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as in a C program
libc = ctypes.CDLL(None)
pam = ctypes.CDLL("libpam.so.0")
libc.calloc.restype = ctypes.c_void_p
libc.strdup.restype = ctypes.c_void_p
libc.strdup.argtypes = [ctypes.c_char_p]


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)), ctypes.POINTER(ctypes.POINTER(Response)),
    ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", CONVERSE), ("data", ctypes.c_void_p)]


pam.pam_start.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Conversation), ctypes.c_void_p]
pam.pam_set_item.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]
for name in ("pam_authenticate", "pam_setcred", "pam_end"):
    getattr(pam, name).argtypes = [ctypes.c_void_p, ctypes.c_int]
PAM_RHOST, PAM_PROMPT_ECHO_OFF, PAM_DISALLOW_NULL_AUTHTOK, PAM_ESTABLISH_CRED = 4, 1, 1, 2


def transaction(user=plan["user"], typed=plan["typed"]):
    """One sign-in; the codes of pam_authenticate and pam_setcred."""
    typed = list(typed)

    def converse(count, messages, responses, _):
        assert count == 1, "one message per call"
        replies = libc.calloc(count, ctypes.sizeof(Response))
        responses[0] = ctypes.cast(replies, ctypes.POINTER(Response))
        if messages[0].contents.style == PAM_PROMPT_ECHO_OFF:
            if plan["crowd"]:
                prompted.append(user)
                arrived.release()
                go_on.wait()
            if plan["kill"]:
                os.kill(plan["kill"], signal.SIGKILL)
            reply = typed.pop(0) if len(typed) > 1 else typed[0]
            if reply is not None:
                responses[0][0].text = libc.strdup(reply.encode())
        return 0

    conversation = Conversation(CONVERSE(converse), None)
    handle = ctypes.c_void_p()
    started = pam.pam_start(plan["service"].encode(), user.encode(), ctypes.byref(conversation), ctypes.byref(handle))
    assert started == 0, started
    pam.pam_set_item(handle, PAM_RHOST, b"192.0.2.7")
    code = pam.pam_authenticate(handle, PAM_DISALLOW_NULL_AUTHTOK)
    # As hosts do: credentials are for who got in.
    credentials = pam.pam_setcred(handle, PAM_ESTABLISH_CRED) if code == 0 else None
    pam.pam_end(handle, code)
    return code, credentials


def self_seen():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return {
        "fds": len(os.listdir("/proc/self/fd")),
        "threads": int(status["Threads"]),
        "kib": int(status["VmRSS"].split()[0]),
        "handlers": status["SigCgt"].strip(),
    }


def forked(count):
    """Each transaction in a child of its own, as sshd does; the child's exit code is PAM's."""
    for _ in range(count):
        child = os.fork()
        if child == 0:
            os._exit(transaction()[0])
        yield os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


BEGINNING = 8  # transactions of a crowd that are not at their prompts yet
arrived, go_on, prompted = threading.Semaphore(0), threading.Event(), []


def crowd(count):
    """So many transactions at once, of which a few at a time begin. When each waits at its prompt or has ended, that is
    told in a line; what is typed is given to them when a line comes back."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    threading.stack_size(256 * 1024)
    codes = []

    def one():
        codes.append(transaction()[0])
        arrived.release()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for number, thread in enumerate(threads):
        if number >= BEGINNING:
            arrived.acquire()
        thread.start()
    for _ in range(min(count, BEGINNING)):
        arrived.acquire()
    print(json.dumps({"prompted": len(prompted), "fds": self_seen()["fds"]}), flush=True)
    sys.stdin.readline()
    go_on.set()
    for thread in threads:
        thread.join()
    return codes


handlers = self_seen()["handlers"]
codes, credentials = [], []
began = time.monotonic()
for at in range(plan["times"]):
    if at == plan["warm"]:
        before = self_seen()
        began, cpu = time.monotonic(), time.process_time()
    if plan["sequence"]:
        user, typed = plan["sequence"][at]
        code, credential = transaction(user, [typed])
    else:
        code, credential = transaction()
    codes.append(code)
    credentials.append(credential)
after = self_seen()
took = time.monotonic() - began
burnt = time.process_time() - cpu if plan["times"] > plan["warm"] else 0
children = list(forked(plan["forks"]))
parallel = []
threads = [threading.Thread(target=lambda: parallel.append(transaction()[0])) for _ in range(plan["threads"])]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if plan["crowd"]:
    parallel += crowd(plan["crowd"])
if plan["forks"] or plan["threads"]:
    after = self_seen()
print(json.dumps({
    "codes": codes, "credentials": credentials, "children": children, "parallel": parallel, "took": took, "cpu": burnt,
    "before": before if plan["times"] > plan["warm"] else after, "after": after, "handlers": handlers,
}))
