#include <dlfcn.h>
#include <stddef.h>

const char* only_in_plugin(void) {
    return "the plugin";
}

const char* ask_default_from_plugin(void) {
    const char* (*found)(void) = (const char* (*)(void))dlsym(RTLD_DEFAULT, "only_in_plugin");
    return found == NULL ? "nothing" : found();
}
