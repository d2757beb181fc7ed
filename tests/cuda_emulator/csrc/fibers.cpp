// Stacks, and the switch between them: by hand on x86-64, by ucontext elsewhere.
#include <sys/mman.h>

#include "runtime.hpp"
#if !defined(__x86_64__) || defined(EMU_UCONTEXT)
#define EMU_USES_UCONTEXT
#include <ucontext.h>
#endif

namespace emu {
std::uintptr_t stacks_begin = 0, stacks_bytes = 0;

namespace {
constexpr std::size_t STACK = 64 * 1024, NO_ACCESS = 4096, COUNT = 8192;
std::vector<void*> free_stacks;
std::size_t used_stacks = 0;
}  // namespace

// One reservation for all, so that "is this a local variable?" is one comparison. A page without access
// below each stack makes a stack that overflows a crash and no silent damage.
void* take_stack() {
    if (!free_stacks.empty()) {
        void* stack = free_stacks.back();
        free_stacks.pop_back();
        return stack;
    }
    if (stacks_begin == 0) {
        stacks_bytes = STACK * COUNT;
        void* all =
            mmap(nullptr, stacks_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (all == MAP_FAILED) __builtin_trap();
        stacks_begin = reinterpret_cast<std::uintptr_t>(all);
    }
    if (used_stacks == COUNT) __builtin_trap();  // the scheduler keeps fewer threads resident than that
    char* stack = reinterpret_cast<char*>(stacks_begin) + STACK * used_stacks++;
    mprotect(stack + NO_ACCESS, STACK - NO_ACCESS, PROT_READ | PROT_WRITE);
    return stack;
}

void free_stack(void* stack) { free_stacks.push_back(stack); }

#ifndef EMU_USES_UCONTEXT

extern "C" void emu_switch(void** save, void* load);
asm(R"(
.text
.globl emu_switch
.hidden emu_switch
.type emu_switch, @function
emu_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size emu_switch, .-emu_switch
)");

namespace {
void* scheduler_stack_pointer;
}

void start_stack(Fiber& fiber, void (*body)()) {
    void** top = reinterpret_cast<void**>(static_cast<char*>(fiber.stack) + STACK);
    *--top = nullptr;  // where body would return to; it never does. The stack pointer is as after a call
    *--top = reinterpret_cast<void*>(body);
    for (int saved = 0; saved < 6; ++saved) *--top = nullptr;
    fiber.stack_pointer = top;
}
void switch_to(Fiber& fiber) { emu_switch(&scheduler_stack_pointer, fiber.stack_pointer); }
void switch_back(Fiber& fiber) { emu_switch(&fiber.stack_pointer, scheduler_stack_pointer); }

#else

namespace {
ucontext_t scheduler_context;
}

// The context lies at the low end of the stack, above the guard.
void start_stack(Fiber& fiber, void (*body)()) {
    ucontext_t* context = reinterpret_cast<ucontext_t*>(static_cast<char*>(fiber.stack) + NO_ACCESS);
    getcontext(context);
    context->uc_stack.ss_sp = static_cast<char*>(fiber.stack) + NO_ACCESS + sizeof(ucontext_t);
    context->uc_stack.ss_size = STACK - NO_ACCESS - sizeof(ucontext_t);
    context->uc_link = nullptr;
    makecontext(context, body, 0);
    fiber.stack_pointer = context;
}
void switch_to(Fiber& fiber) {
    swapcontext(&scheduler_context, static_cast<ucontext_t*>(fiber.stack_pointer));
}
void switch_back(Fiber& fiber) {
    swapcontext(static_cast<ucontext_t*>(fiber.stack_pointer), &scheduler_context);
}

#endif
}  // namespace emu
