// A kernel in plain mode can still do what the processor refuses. That ends the launch, not the process.
#include <ucontext.h>

#include <csignal>

#include "runtime.hpp"

namespace emu {
namespace {
constexpr int SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction before[4];
stack_t stack_before;
alignas(16) char signal_stack[64 * 1024];

void* program_counter(void* context) {
    auto& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return reinterpret_cast<void*>(machine.gregs[REG_RIP]);
#else
    return reinterpret_cast<void*>(machine.pc);
#endif
}

// Runs on a stack of its own, so that a kernel's stack that overflowed ends here too. Leaves by the fiber
// switch: the signal is not blocked (SA_NODEFER), and the fiber never goes on.
void caught(int signal, siginfo_t* info, void* context) {
    if (current == nullptr) {
        for (int i = 0; i < 4; ++i) sigaction(SIGNALS[i], before + i, nullptr);
        return;  // not a kernel's: it happens again, and goes to who had the signal
    }
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    std::string what = "access to memory that is not there";
    if (signal == SIGFPE) what = "division by zero, or an integer that the division cannot hold";
    if (signal == SIGILL) what = "what the compiler took for undefined";
    if (signal == SIGSEGV && address - stacks_begin < stacks_bytes)
        what = "local variables need too much stack";
    report("crash", place(static_cast<char*>(program_counter(context)) + 1), "",
           where(*current) + ": " + what + ", at {0}; check mode may say more");
    abort_launch();
}
}  // namespace

void catch_crashes() {
    stack_t stack = {};
    stack.ss_sp = signal_stack;
    stack.ss_size = sizeof(signal_stack);
    sigaltstack(&stack, &stack_before);
    struct sigaction action = {};
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int i = 0; i < 4; ++i) sigaction(SIGNALS[i], &action, before + i);
}

void release_crashes() {
    for (int i = 0; i < 4; ++i) sigaction(SIGNALS[i], before + i, nullptr);
    sigaltstack(&stack_before, nullptr);
}
}  // namespace emu
