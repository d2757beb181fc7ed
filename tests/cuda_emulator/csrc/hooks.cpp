// The functions that `g++ -fsanitize=thread` calls at each load and store. libtsan is not linked.
#include "runtime.hpp"

using namespace emu;
#define CALLER __builtin_return_address(0)
#define HOOK extern "C" void

#define HOOKS(bytes)                                                                                     \
    HOOK __tsan_read##bytes(void* p) { access(p, bytes, Access::read, true, CALLER); }                   \
    HOOK __tsan_write##bytes(void* p) { access(p, bytes, Access::write, true, CALLER); }                 \
    HOOK __tsan_volatile_read##bytes(void* p) { access(p, bytes, Access::volatile_read, true, CALLER); } \
    HOOK __tsan_volatile_write##bytes(void* p) { access(p, bytes, Access::volatile_write, true, CALLER); }
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
// What the compiler knows to be unaligned, such as a packed struct: a GPU needs it aligned all the same,
// unless the compiler reads it by bytes, as these do.
#define UNALIGNED_HOOKS(bytes)                                                                      \
    HOOK __tsan_unaligned_read##bytes(void* p) { access(p, bytes, Access::read, false, CALLER); }   \
    HOOK __tsan_unaligned_write##bytes(void* p) { access(p, bytes, Access::write, false, CALLER); } \
    HOOK __tsan_unaligned_volatile_read##bytes(void* p) {                                           \
        access(p, bytes, Access::volatile_read, false, CALLER);                                     \
    }                                                                                               \
    HOOK __tsan_unaligned_volatile_write##bytes(void* p) {                                          \
        access(p, bytes, Access::volatile_write, false, CALLER);                                    \
    }
UNALIGNED_HOOKS(2)
UNALIGNED_HOOKS(4)
UNALIGNED_HOOKS(8)
UNALIGNED_HOOKS(16)

HOOK __tsan_read_range(void* p, std::size_t bytes) { access(p, bytes, Access::read, false, CALLER); }
HOOK __tsan_write_range(void* p, std::size_t bytes) { access(p, bytes, Access::write, false, CALLER); }
HOOK __tsan_init() {}
HOOK __tsan_func_entry(void*) {}
HOOK __tsan_func_exit(void*) {}

// Copies of structs become calls that are not instrumented: the kernel is linked with --wrap for these.
extern "C" void* __wrap_memcpy(void* to, const void* from, std::size_t bytes) {
    access(from, bytes, Access::read, false, CALLER);
    access(to, bytes, Access::write, false, CALLER);
    return __builtin_memcpy(to, from, bytes);
}
extern "C" void* __wrap_memmove(void* to, const void* from, std::size_t bytes) {
    access(from, bytes, Access::read, false, CALLER);
    access(to, bytes, Access::write, false, CALLER);
    return __builtin_memmove(to, from, bytes);
}
extern "C" void* __wrap_memset(void* to, int value, std::size_t bytes) {
    access(to, bytes, Access::write, false, CALLER);
    return __builtin_memset(to, value, bytes);
}

// Atomics come by way of the shim. In plain mode they are where the preempting policy takes turns.
extern "C" void emu_atomic(const void* address, unsigned bytes, void* pc) {
    if (checking) {
        access(address, bytes, Access::atomic, true, pc);
        return;
    }
    maybe_preempt();
    if (request.policy != PREEMPTING) {
        emu_self->quiet_atomics = QUIET_ATOMICS;
        yield();
    }
}
