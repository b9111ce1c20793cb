// Built twice with frames of different size: the call lies at the same offset in both, and only
// their unwind information tells them apart.
extern "C" void call_from_module(void (*then)()) {
    volatile char buffer[MODULE_FRAME_SIZE];
    buffer[0] = 1;
    then();
    buffer[1] = buffer[0];
}
