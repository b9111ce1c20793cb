#include <dlfcn.h>
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <string>

#include "preload/unwind/module_info.h"
#include "preload/unwind/rule_table.h"
#include "tests/unit/unwind/capture.h"

namespace heapdrift {
namespace {

using CallFromModule = void (*)(void (*)());

struct Loaded {
    explicit Loaded(const char* path) : handle(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
        if (handle == nullptr) return;
        call = reinterpret_cast<CallFromModule>(dlsym(handle, "call_from_module"));
        found = find_module_info(address(), info);
    }
    uint64_t address() const { return reinterpret_cast<uint64_t>(call); }
    // The return address of the last capture that lies in the module.
    uint64_t captured_pc() const {
        for (uint32_t i = 0; i < captured.count; ++i)
            if (captured.frames[i].address >= info.start && captured.frames[i].address < info.end)
                return captured.frames[i].address;
        return 0;
    }

    void* handle;
    CallFromModule call = nullptr;
    ModuleInfo info{};
    bool found = false;
};

void capture_now() {
    capture(captured);
}

TEST(RetiredModule, LeavesItsAddressesToTheNextOne) {
    Loaded small(MODULE_SMALL_FRAME);
    ASSERT_TRUE(small.found);
    small.call(capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
    const uint64_t pc = small.captured_pc();
    ASSERT_NE(pc, 0u);
    const uint64_t before = rule_bits(rule_table.find(pc, PcKind::return_address));
    dlclose(small.handle);
    rule_table.retire(small.info.start, small.info.end);
    EXPECT_EQ(rule_table.find(pc, PcKind::return_address).kind, RuleKind::refuse);

    Loaded large(MODULE_LARGE_FRAME);
    ASSERT_TRUE(large.found);
    if (large.info.start != small.info.start)
        GTEST_SKIP() << "the loader chose another place for the second module";
    large.call(capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
    EXPECT_EQ(large.captured_pc(), pc) << "the victims do not lie alike";
    EXPECT_NE(rule_bits(rule_table.find(pc, PcKind::return_address)), before);
    dlclose(large.handle);
    rule_table.retire(large.info.start, large.info.end);
}

TEST(ModuleInfo, OfASharedObjectHasItsPathAndBuildId) {
    Loaded module(MODULE_SMALL_FRAME);
    ASSERT_TRUE(module.found);
    EXPECT_STREQ(module.info.path, MODULE_SMALL_FRAME);
    EXPECT_EQ(module.info.path_size, std::string(MODULE_SMALL_FRAME).size());
    EXPECT_EQ(module.info.build_id_size, 20u);
    EXPECT_LE(module.info.start, module.address());
    EXPECT_GT(module.info.end, module.address());
    Dl_info info;
    dladdr(reinterpret_cast<void*>(module.address()), &info);
    EXPECT_EQ(module.info.load_bias, reinterpret_cast<uint64_t>(info.dli_fbase));
    EXPECT_EQ(module.info.loaded, module.handle) << "glibc's handle is the loader's description";
    dlclose(module.handle);
}

TEST(ModuleInfo, OfTheProgramHasTheExecutablesPath) {
    ModuleInfo info;
    ASSERT_TRUE(find_module_info(reinterpret_cast<uint64_t>(&capture_now), info));
    char path[PATH_MAX] = {};
    ASSERT_GT(readlink("/proc/self/exe", path, sizeof path - 1), 0);
    EXPECT_STREQ(info.path, path);
    EXPECT_FALSE(info.path_cut);
}

TEST(ModuleInfo, OfTheVdsoSaysSo) {
    const uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
    if (vdso == 0) GTEST_SKIP() << "no vdso here";
    ModuleInfo info;
    ASSERT_TRUE(find_module_info(vdso + 0x100, info));
    EXPECT_STREQ(info.path, "[vdso]");
    EXPECT_EQ(info.start, vdso);
}

TEST(ModuleInfo, OfARelativeNameIsMadeAbsolute) {
    char* directory = getcwd(nullptr, 0);
    const std::string path = MODULE_LARGE_FRAME;
    const size_t slash = path.rfind('/');
    ASSERT_EQ(chdir(path.substr(0, slash).c_str()), 0);
    char* resolved = getcwd(nullptr, 0);
    Loaded module(("./" + path.substr(slash + 1)).c_str());
    EXPECT_TRUE(module.found);
    EXPECT_EQ(std::string(module.info.path),
              std::string(resolved) + "/./" + path.substr(slash + 1));
    dlclose(module.handle);
    rule_table.retire(module.info.start, module.info.end);
    EXPECT_EQ(chdir(directory), 0);
    std::free(directory);
    std::free(resolved);
}

TEST(ModuleInfo, OfMemoryOutsideAllModulesIsNotFound) {
    ModuleInfo info;
    const int local = 0;
    EXPECT_FALSE(find_module_info(reinterpret_cast<uint64_t>(&local), info));
    EXPECT_FALSE(find_module_info(0, info));
    EXPECT_FALSE(find_module_info(~uint64_t{0}, info));
}

}  // namespace
}  // namespace heapdrift
