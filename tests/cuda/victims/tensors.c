// Tensors of the host and of two devices, by the libraries that stand for PyTorch.
#include "tests/cuda/victims/torch_functions.h"

enum { kMiB = 1 << 20 };

MARKER void* keeps_host(void) {
    return torch.host_tensor(1000);
}
MARKER void passes_host(void) {
    torch.free_host_tensor(torch.host_tensor(5000));
}
MARKER void* keeps_on_device(void) {
    return torch.cuda_tensor(300 * 1000, 0);
}
MARKER void* keeps_on_second(void) {
    return torch.cuda_tensor(3 * kMiB, 1);
}
MARKER void passes_on_device(void) {
    torch.free_cuda_tensor(torch.cuda_tensor(100 * kMiB, 0));
}
MARKER void* keeps_as_before(void) {
    torch.set_signed_reports(1);
    void* tensor = torch.cuda_tensor(512, 0);
    torch.set_signed_reports(0);
    return tensor;
}

int main(void) {
    load_torch();
    keeps_host();
    torch.set_profiling(1);
    keeps_host();
    passes_host();
    torch.set_profiling(0);
    passes_host();
    REQUIRE(torch.profiler_reports() == 3);

    keeps_on_device();
    void* second = keeps_on_device();
    torch.free_cuda_tensor(second);
    // The same place, handed out again.
    REQUIRE(keeps_on_device() == second);
    keeps_on_second();
    passes_on_device();
    keeps_as_before();
    torch.empty_cache();
    torch.other_tensor(4096);
    // The profiler heard of everything.
    REQUIRE(torch.profiler_reports() == 3 + 9);

    expect_from("host_tensor", NULL, "keeps_host", 2, 2000, 0, 2000);
    expect_from("host_tensor", NULL, "passes_host", 2, 10000, 2, 0);
    expect_through("keeps_host", 2, 2000, 0, 2000);
    expect_from("cuda_tensor", NULL, "keeps_on_device", 3, 3 * 300032, 1, 2 * 300032);
    expect_from("cuda_tensor", NULL, "keeps_on_second", 1, 3 * kMiB, 0, 3 * kMiB);
    expect_from("cuda_tensor", NULL, "passes_on_device", 1, 100 * kMiB, 1, 0);
    expect_from("cuda_tensor", NULL, "keeps_as_before", 1, 512, 0, 512);
    tell_truth();
    return 0;
}
